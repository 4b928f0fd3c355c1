/** The page that has Rivulet from a bundler. */
import * as rivulet from "rivulet";

import { preparePage } from "./page.ts";
import { runHere } from "./run-here.ts";

preparePage((cell, only) => runHere(rivulet, cell, only));
