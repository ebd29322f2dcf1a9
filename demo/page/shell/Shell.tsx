/** What stays: name, backend, theme and tabs. */
import { useEffect } from "preact/hooks";
import { panels } from "../panels.ts";
import { opening } from "./engine.ts";
import { PanelFrame } from "./PanelFrame.tsx";
import { route } from "./route.ts";
import { Status } from "./Status.tsx";
import { Tabs } from "./Tabs.tsx";
import { ThemeButton } from "./ThemeButton.tsx";

export function Shell() {
  const name = route.value;
  const opened = opening.value;
  useEffect(() => {
    document.title = `${panels[name].title} · poolwise`;
  }, [name]);
  return (
    <>
      <header class="masthead">
        <h1>poolwise</h1>
        <p>Which of your million unlabelled rows should you label next?</p>
        <ThemeButton />
        <Status />
      </header>
      <Tabs current={name} />
      <main>{opened && "engine" in opened && <PanelFrame key={name} name={name} engine={opened.engine} />}</main>
    </>
  );
}
