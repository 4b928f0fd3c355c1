import { pass } from "../../check.ts";

/** What Node and Deno have, and browsers do not. */
interface WithProcess {
  readonly process?: {
    on(name: "unhandledRejection", listener: (reason: unknown) => void): void;
    off(name: "unhandledRejection", listener: (reason: unknown) => void): void;
  };
}

/** What browsers have. */
interface WithEvents {
  addEventListener?(name: "unhandledrejection", listener: (event: { readonly reason: unknown }) => void): void;
  removeEventListener?(name: "unhandledrejection", listener: (event: { readonly reason: unknown }) => void): void;
}

/** The reasons of rejections that nobody handles while something is done. */
export async function rejectionsDuring(act: () => Promise<void>): Promise<string[]> {
  const seen: string[] = [];
  const add = (reason: unknown): void => {
    seen.push(String(reason));
  };
  const addEvent = ({ reason }: { readonly reason: unknown }): void => {
    add(reason);
  };
  const { process } = globalThis as WithProcess;
  const events = globalThis as WithEvents;
  if (process === undefined) events.addEventListener?.("unhandledrejection", addEvent);
  else process.on("unhandledRejection", add);
  try {
    await act();
    await pass(20); // Platforms tell of it when they have run out of what to do at once.
  } finally {
    if (process === undefined) events.removeEventListener?.("unhandledrejection", addEvent);
    else process.off("unhandledRejection", add);
  }
  return seen;
}
