/** The page that has Rivulet from a script tag. */
import type { Rivulet } from "../scenarios/scenario.ts";
import { preparePage } from "./page.ts";
import { runHere } from "./run-here.ts";

declare const rivulet: Rivulet;

preparePage((cell, only) => runHere(rivulet, cell, only));
