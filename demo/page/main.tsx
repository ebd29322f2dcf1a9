import { render } from "preact";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "./styles/shell.css";
import { openOnce } from "./shell/engine.ts";
import { mendLanguage } from "./shell/language.ts";
import { Shell } from "./shell/Shell.tsx";

mendLanguage();
openOnce();
render(<Shell />, document.getElementById("page")!);
