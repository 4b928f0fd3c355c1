/** The Worker: each request is a specification, and its answer the outcome. */
import * as rivulet from "rivulet";

import { perform } from "./perform.ts";
import type { Specification } from "./specification.ts";

// The runtime looks for it there.
// eslint-disable-next-line no-restricted-syntax -- Nothing else is looked at.
export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(await perform(rivulet, (await request.json()) as Specification));
  },
};
