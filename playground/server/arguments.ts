import { parseArgs } from "node:util";

/** What the command line of the demo asks for. */
export interface DemoArguments {
  /** Port of the page. `undefined`: 8080, or a free one when that is taken. 0: any free one. */
  readonly port: number | undefined;
  /** Which broker to start. `auto` is mosquitto when it is installed, else the embedded aedes. */
  readonly broker: "auto" | "mosquitto" | "aedes";
  /** Seed of the simulated house: the same seed gives the same readings. */
  readonly seed: number;
  readonly help: boolean;
}

/** A mistake on the command line. Its message is for the person who typed it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const usage: string = `Rivulet's demo: a broker, a simulated house of sensors, and a page that watches it.

Usage: npm start -- [options]

  --port N      port of the page, on loopback (default: 8080, or a free one when that is taken; 0: any free one)
  --broker B    auto, mosquitto or aedes (default: auto, which is mosquitto when installed, else the embedded aedes)
  --seed N      seed of the simulated house (default: 1)
  --help        show this text
`;

/** Parses the command line, without the program's name. Throws UsageError. */
export function parseDemoArguments(argv: readonly string[]): DemoArguments {
  const values = parse(argv);
  const broker = values.broker ?? "auto";
  if (broker !== "auto" && broker !== "mosquitto" && broker !== "aedes") {
    throw new UsageError(`--broker is auto, mosquitto or aedes, not "${broker}"`);
  }
  return {
    port: values.port === undefined ? undefined : parseInteger("--port", values.port, 65_535),
    broker,
    seed: values.seed === undefined ? 1 : parseInteger("--seed", values.seed, 0xffff_ffff),
    help: values.help ?? false,
  };
}

interface RawValues {
  port?: string | undefined;
  broker?: string | undefined;
  seed?: string | undefined;
  help?: boolean | undefined;
}

function parse(argv: readonly string[]): RawValues {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        port: { type: "string" },
        broker: { type: "string" },
        seed: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function parseInteger(option: string, text: string, maximum: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= maximum)) throw new UsageError(`${option} is a whole number from 0 to ${maximum}, not "${text}"`);
  return value;
}
