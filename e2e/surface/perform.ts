import { Absent, describe, NotHere, unsupportedCode, type Component, type Stage, type SurfaceCheck } from "./check.ts";
import { checks } from "./checks/list.ts";
import { connectLab } from "./lab-calls.ts";
import { lookCheck } from "./look.ts";
import type { Order, Outcome, Verdict } from "./order.ts";

/** Runs one check, on whatever runtime this is. Never rejects. */
export async function perform(component: Component, order: Order): Promise<Outcome> {
  const { id, timeoutMs } = order;
  const made: { reset(): void }[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It took longer than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([run(component, order, made), late]);
    return { id, verdict: { status: "works" } };
  } catch (error) {
    return { id, verdict: verdictOf(error) };
  } finally {
    clearTimeout(timer);
    for (const mqtt of made) dispose(mqtt);
  }
}

async function run(component: Component, order: Order, made: { reset(): void }[]): Promise<void> {
  const { MQTT } = component;
  const { runtime, broker, id } = order;
  const check = checkOf(order);
  let topics = 0;
  const stage: Stage = {
    ...{ runtime, MQTT, component, broker },
    lab: await connectLab(order.lab),
    mqtt: () => {
      const mqtt = new MQTT();
      made.push(mqtt);
      return mqtt;
    },
    topic: () => `surface/${runtime}/${id}/${topics++}`,
    absent: (why) => {
      throw new Absent(why);
    },
    notHere: (why) => {
      throw new NotHere(why);
    },
  };
  await check.run(stage);
}

function checkOf({ check }: Order): SurfaceCheck {
  if (typeof check !== "string") return lookCheck(check);
  const found = checks.find(({ title }) => title === check);
  if (found === undefined) throw new Error(`There is no check "${check}"`);
  return found;
}

function verdictOf(error: unknown): Verdict {
  if (error instanceof Absent) return { status: "absent", why: error.message };
  if (error instanceof NotHere) return { status: "unknown", why: error.message };
  const code = unsupportedCode(error);
  if (code !== undefined) return { status: "refused", code, why: (error as Error).message };
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return { status: "failed", error: `${describe(error)}\n${stack}` };
}

/** Drops its connection, whatever has become of it. */
function dispose(mqtt: { reset(): void }): void {
  try {
    mqtt.reset();
  } catch {
    // A check may have left it in a state in which that is refused; the lab drops the connection then.
  }
}
