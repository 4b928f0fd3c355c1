import type { Core } from "../core.ts";
import type { ErrorGroup } from "../mqtt-error.ts";

/** One configuration setting: how `config` reads and sets it. */
export interface Setting {
  /** As documented, without an index. */
  readonly name: string;
  readonly group: ErrorGroup | "Socket";
  /** Whether it takes an index in brackets. */
  readonly isIndexed?: boolean;
  /** Its value as a string; booleans are "True" and "False". */
  get(core: Core, index: number): string;
  /**
   * Absent: it can only be read. `value` is what stands behind the equals sign, as it is.
   *
   * @throws MQTTError
   */
  set?(core: Core, value: string, index: number): void;
}
