/** The page that has Rivulet from a script tag. */
import type { Rivulet } from "../scenarios/scenario.ts";
import { preparePage } from "./page.ts";

declare const rivulet: Rivulet;

preparePage(rivulet);
