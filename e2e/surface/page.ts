/** The page of a browser: Playwright calls `performCheck`. */
import * as component from "@rivulet/component";

import type { Order, Outcome } from "./order.ts";
import { perform } from "./perform.ts";

declare global {
  var performCheck: (order: Order) => Promise<Outcome>;
}

globalThis.performCheck = (order) => perform(component, order);
