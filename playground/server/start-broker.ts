import { startAedes } from "./aedes-broker.ts";
import type { Broker } from "./broker.ts";
import { findMosquitto, startMosquitto } from "./mosquitto-broker.ts";

/** Starts the broker that was asked for; `auto` takes mosquitto when it is installed and aedes otherwise. */
export async function startBroker(choice: "auto" | "mosquitto" | "aedes"): Promise<Broker> {
  if (choice === "aedes") return startAedes();
  const program = await findMosquitto();
  if (program !== undefined) return startMosquitto(program);
  if (choice === "auto") return startAedes();
  throw new Error("mosquitto is not installed: install it, or start with --broker aedes");
}
