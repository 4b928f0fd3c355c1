import { InvalidOptionError, MqttError, TimeoutError, TransportError } from "../errors.ts";
import { defaultMaxHops } from "../limits.ts";
import type { ConnectTarget } from "../options.ts";
import type { ResolvedOptions } from "../resolve-options.ts";
import { parseTarget, type ParsedTarget } from "../target.ts";
import { isFinal } from "./reconnect-policy.ts";
import { redirection } from "./redirect.ts";

// Theory of operation
//
// An attempt tries the addresses that were asked for, one after the other; in the place of one whose server has moved,
// those that it named; and, at once, those that a server sends us to. A server that sends us away later, from a
// connection that it had accepted, names the first to try next time.

/** Where one client connects to. */
export class Addresses {
  readonly #asked: ConnectTarget;
  readonly #options: ResolvedOptions;
  /** Where `redirect` is asked for, what the last attempt was made with: a server, and the address that led there. */
  #at: { readonly target: ParsedTarget; readonly address: string } | undefined;
  /** By address: the servers that were said to be there in its place from now on. */
  #moved: Map<string, readonly ParsedTarget[]> | undefined;
  /** The servers that the next attempt is to try first. */
  #instead: readonly ParsedTarget[] = [];
  /** How often in a row connections were ended to send us elsewhere. */
  #hops = 0;

  constructor(asked: ConnectTarget, options: ResolvedOptions) {
    this.#asked = asked;
    this.#options = options;
  }

  /** Tries one address after the other until one can be connected to; rejects with the failure that counts. */
  async try(connect: (target: ParsedTarget) => Promise<void>): Promise<void> {
    let failure: unknown;
    const errors: unknown[] = [];
    const reasons: string[] = [];
    for (const only of await this.#resolve()) {
      const { address } = only.target;
      const targets = [...new Set([...this.#instead, ...(this.#moved?.get(address) ?? [only])])];
      this.#instead = [];
      let hops = this.#hops;
      for (let target = targets.shift(); target !== undefined; target = targets.shift()) {
        if (this.#options.redirect) this.#at = { target, address };
        try {
          await connect(target);
          return;
        } catch (error) {
          // What may pass is worth another attempt, whatever the others say.
          if (failure === undefined || !isFinal(error) || isFinal(failure)) failure = error;
          errors.push(error);
          reasons.push(reasonOf(error, target));
          const others = this.#redirected(error, hops);
          targets.unshift(...others);
          hops += Math.sign(others.length);
        }
      }
    }
    // What a server has said stands for itself.
    if (errors.length > 1 && (failure instanceof TransportError || failure instanceof TimeoutError)) {
      const details = Object.assign({}, failure, { cause: failure.cause, errors });
      throw new TransportError(`Every server failed: ${reasons.join("; ")}`, details);
    }
    throw failure;
  }

  /** A connection has been lost, one that was stable or not; says whether the server has sent us elsewhere. */
  lost(error: unknown, wasStable: boolean): boolean {
    if (wasStable) this.#hops = 0;
    this.#instead = this.#redirected(error, this.#hops);
    const isRedirected = this.#instead.length > 0;
    if (isRedirected) this.#hops += 1;
    return isRedirected;
  }

  /** The addresses that were asked for. A function is asked each time. */
  async #resolve(): Promise<readonly ParsedTarget[]> {
    const urls = typeof this.#asked === "function" ? await this.#asked() : this.#asked;
    const targets = [urls].flat().map((url) => parseTarget(url));
    if (targets.length === 0) throw new InvalidOptionError("url", "There is no URL to connect to");
    return targets;
  }

  /** The servers that the one of the last attempt sends us to. */
  #redirected(error: unknown, hops: number): readonly ParsedTarget[] {
    const { redirect } = this.#options;
    const at = this.#at;
    if (!redirect || at === undefined || hops >= (redirect.maxHops ?? defaultMaxHops)) return [];
    const { targets = [], isPermanent } = redirection(error, at.target, this.#options) ?? {};
    if (isPermanent === true) (this.#moved ??= new Map<string, readonly ParsedTarget[]>()).set(at.address, targets);
    return targets;
  }
}

/** What one server has failed with, and which one that was. */
function reasonOf(error: unknown, { target: { address, hostname } }: ParsedTarget): string {
  // What is not ours may hold secrets.
  const reason = error instanceof MqttError ? error.message : "The attempt failed";
  return reason.includes(hostname) ? reason : `${address}: ${reason}`;
}
