/** How the page looks, by day and by night, on wide screens and narrow ones. */
const light = ["#0b6e99", "#c2571a", "#3d7a3d", "#8a4fae", "#9a7500", "#b3375f", "#4c5a9c", "#5f5f5f"];
const dark = ["#5cc3ee", "#f29a63", "#83c983", "#c99be8", "#d9b84a", "#ef87a8", "#9fabec", "#b0b0b0"];
export const COLOURS = light.length;

const palette = (colours: readonly string[]): string => colours.map((colour, i) => `--c${i}: ${colour};`).join(" ");
const classes = light.map((_, i) => `.c${i} { --own: var(--c${i}); }`).join(" ");

export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #595959; --line: #dcdcdc; --paper: #fff; --shade: #f4f4f2; ${palette(light)} }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --soft: #a8a8a8; --line: #3a3a3a; --paper: #161616; --shade: #212121; ${palette(dark)} } }
${classes}
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0; }
main { overflow-wrap: anywhere; max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.25rem; margin: 2.4rem 0 0.4rem; }
h3 { font-size: 0.9rem; margin: 0.7rem 0 0.1rem; }
p, ul, dl { max-width: 46rem; }
.warning { border-left: 4px solid var(--c1); background: var(--shade); padding: 0.5rem 0.8rem; }
dl { display: grid; grid-template-columns: fit-content(35%) 1fr; gap: 0.2rem 1rem; margin: 1rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
.bars { font-size: 0.85rem; }
.bar { display: grid; grid-template-columns: 8.5rem 1fr 5.5rem; gap: 0.6rem; align-items: center; min-height: 1.15rem; line-height: 1.2; }
.bar > span:first-child { color: var(--soft); text-align: right; }
.value { font-variant-numeric: tabular-nums; }
.track { position: relative; height: 0.85rem; } .track > * { position: absolute; }
.track b { top: 0; bottom: 0; min-width: 2px; border-radius: 2px; background: var(--own); }
.mark { top: -2px; bottom: -2px; width: 1px; background: var(--line); } .mark.strong { width: 2px; margin-left: -1px; background: var(--soft); }
.axis { position: sticky; top: 0; background: var(--paper); z-index: 1; padding: 0.2rem 0; border-bottom: 1px solid var(--line); }
.axis .track span { transform: translateX(-50%); color: var(--soft); white-space: nowrap; } .axis .track .strong { color: var(--ink); font-weight: 600; }
.growth { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1.5rem; margin-top: 1rem; }
figure { margin: 0; } figure svg { width: 100%; height: auto; display: block; } figcaption { font-size: 0.9rem; min-height: 2.8rem; }
svg text { font: 11px system-ui, sans-serif; fill: var(--soft); } .grid { stroke: var(--line); } .ideal { stroke: var(--soft); stroke-dasharray: 3 4; }
svg g { stroke: var(--own); fill: var(--own); } svg polyline { fill: none; stroke-width: 2; } svg g line { stroke-width: 1; opacity: 0.5; }
.legend { list-style: none; padding: 0; margin: 0.2rem 0; font-size: 0.85rem; }
.swatch { display: inline-block; width: 0.8rem; height: 0.8rem; border-radius: 2px; background: var(--own); margin-right: 0.4rem; vertical-align: -1px; }
sup { line-height: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 0.25rem 0 0.25rem 1rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; } .times tbody th { padding-top: 1rem; color: var(--ink); } .times td:last-child { white-space: normal; min-width: 5rem; max-width: 14rem; overflow-wrap: break-word; } th { font-weight: 600; color: var(--soft); }
.wrong { color: var(--c1); }
@media (max-width: 32rem) { .bar { grid-template-columns: 5.2rem 1fr 4.2rem; gap: 0.4rem; } main { padding-top: 1rem; } }
`;
