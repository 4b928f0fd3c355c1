/** What a runtime is asked to run and what it answers: plain data both, since it goes to other processes and pages. */
import type { SurfaceRow } from "../../packages/component/testing/component-surface.ts";
import type { Place, RuntimeName } from "./check.ts";

export interface Order {
  readonly id: number;
  readonly runtime: RuntimeName;
  /** The title of a check, or a row whose look alone is checked. */
  readonly check: string | SurfaceRow;
  /** Where the lab of this check is. */
  readonly lab: string;
  readonly broker: Place;
  readonly timeoutMs: number;
}

export interface Outcome {
  readonly id: number;
  readonly verdict: Verdict;
}

export type Verdict =
  | { readonly status: "works" }
  /** What the platform does not have is refused with a code. */
  | { readonly status: "refused"; readonly code: number; readonly why: string }
  /** There is nothing that could be refused. */
  | { readonly status: "absent"; readonly why: string }
  /** This machine cannot bring it about. */
  | { readonly status: "unknown"; readonly why: string }
  | { readonly status: "failed"; readonly error: string };
