import type { AnswerCache } from "./answer-cache.ts";
import { unusable, type Answer } from "./answer.ts";
import { isFetchable, type Fetched } from "./http-fetch.ts";
import { addressLimit } from "./limits.ts";

/** An address that may know about a certificate, and how to ask it. */
export interface Source {
  readonly address: string;
  /** Under which its answers are kept. */
  readonly cacheKey: string;
  fetch(timeoutMs: number): Promise<Fetched>;
  read(bytes: Uint8Array, isCached: boolean): Answer;
}

/** What is known about a certificate. */
export interface Finding {
  readonly status: "good" | "revoked" | "unknown" | "unavailable";
  /** The end of a sentence about the certificate, or the reason why nothing is known. */
  readonly text: string;
}

/** What an answer says, by whoever gave it. */
export function findingOf(answer: Answer, by: string): Finding {
  const { status } = answer;
  switch (status) {
    case "good":
      return { status, text: `has not been revoked, says ${by}` };
    case "revoked":
      return { status, text: `has been revoked${answer.detail}, says ${by}` };
    case "unknown":
      return { status, text: `${by} does not know it` };
    case "unusable":
      return unavailable(`${by} ${answer.reason}`);
  }
}

export function unavailable(text: string): Finding {
  return { status: "unavailable", text };
}

/** What the sources are asked with. */
export interface AskOptions {
  /** For all of them. */
  readonly timeoutMs: number;
  readonly cache: AnswerCache;
  /** ms since 1970. */
  readonly now: number;
}

/** Asks one source after the other, each with its share of the time that is left, until one can say. */
export async function askSources(all: readonly Source[], options: AskOptions): Promise<Finding> {
  const sources = all.filter(({ address }) => isFetchable(address)).slice(0, addressLimit);
  const deadline = performance.now() + options.timeoutMs;
  const findings: Finding[] = [];
  for (const [index, source] of sources.entries()) {
    const timeoutMs = Math.max((deadline - performance.now()) / (sources.length - index), 1);
    const finding = findingOf(await askSource(source, { ...options, timeoutMs }), showAddress(source.address));
    if (finding.status === "good" || finding.status === "revoked") return finding;
    findings.push(finding);
  }
  const unknown = findings.find(({ status }) => status === "unknown");
  return unknown ?? unavailable(findings.map(({ text }) => text).join("; "));
}

async function askSource(source: Source, { timeoutMs, cache, now }: AskOptions): Promise<Answer> {
  const cached = cache.get(source.cacheKey, now);
  if (cached !== undefined) {
    const answer = source.read(cached, true);
    if (answer.status === "good" || answer.status === "revoked") return answer;
  }
  const fetched = await source.fetch(timeoutMs);
  if ("failure" in fetched) return unusable(fetched.failure);
  const answer = source.read(fetched.bytes, false);
  if (answer.status === "good") cache.set(source.cacheKey, fetched.bytes, { now, validUntil: answer.validUntil });
  return answer.status === "unusable" ? unusable(`sent an answer that ${answer.reason}`) : answer;
}

/** Without what could be a secret: its query, a name, a password. */
function showAddress(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`;
}
