/** The page of a browser: Playwright calls `performHere`. */
import * as rivulet from "rivulet";

import { perform } from "./perform.ts";
import type { Outcome, Specification } from "./specification.ts";

declare global {
  var performHere: (specification: Specification) => Promise<Outcome>;
}

globalThis.performHere = (specification) => perform(rivulet, specification);
