/** The page that has Rivulet from a bundler. */
import * as rivulet from "rivulet";

import { preparePage } from "./page.ts";

preparePage(rivulet);
