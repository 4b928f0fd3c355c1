import { Random } from "./random.ts";
import { rooms, valueAt } from "./rooms.ts";
import type { RoomProfile } from "./rooms.ts";

/** One message of a sensor. All are retained, so that whoever subscribes sees the whole house at once. */
export interface Reading {
  readonly topic: string;
  readonly payload: string;
  /** Measurements that the next one replaces: 0 or 1. Events that must be seen exactly once: 2. */
  readonly qos: 0 | 1 | 2;
}

export interface HouseOptions {
  readonly seed: number;
  /** Time of day at which the simulation starts. Default 6:30, shortly before the house wakes up. */
  readonly startMinute?: number;
}

/**
 * A house of sensors. Pure: time passes when `advance` is called, one minute a call, and chance comes from the seed.
 *
 * Values follow their curve of the day with a lag and a little noise, as rooms do. Temperatures report every second
 * minute and humidities every third, staggered by room; power every minute; doors and motion when they change.
 */
export class House {
  readonly #sensors: readonly Sensor[];
  #minute: number;
  #reported = false;

  constructor(options: HouseOptions) {
    const random = new Random(options.seed);
    this.#minute = options.startMinute ?? 6 * 60 + 30;
    this.#sensors = rooms.flatMap((profile, index) => sensorsOf(profile, index, this.#minute / 60, random));
  }

  /** Time of day in the house, as `06:30`. */
  get time(): string {
    const minute = this.#minute % (24 * 60);
    return `${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}`;
  }

  /** Lets a minute pass and returns what the sensors report: everything the first time. */
  advance(): Reading[] {
    this.#minute += 1;
    const hour = (this.#minute / 60) % 24;
    const all = !this.#reported;
    this.#reported = true;
    const readings: Reading[] = [{ topic: "home/clock", payload: this.time, qos: 0 }];
    for (const sensor of this.#sensors) {
      const due = sensor.advance(hour, this.#minute);
      if (due || all) readings.push({ topic: sensor.topic, payload: sensor.payload(), qos: sensor.qos });
    }
    return readings;
  }
}

interface Sensor {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  /** Lets a minute pass; true when there is something to report. */
  advance(hour: number, minute: number): boolean;
  payload(): string;
}

function sensorsOf(profile: RoomProfile, index: number, hour: number, random: Random): Sensor[] {
  const topic = (metric: string): string => `home/${profile.floor}/${profile.room}/${metric}`;
  const sensors: Sensor[] = [
    measurement(topic("temperature"), {
      curve: (at) => valueAt(profile.temperature, at),
      hour,
      lag: 0.12,
      noise: 0.06,
      decimals: 1,
      every: 2,
      offset: index,
      qos: 1,
      random,
    }),
    measurement(topic("humidity"), {
      curve: (at) => valueAt(profile.humidity, at),
      hour,
      lag: 0.1,
      noise: 0.35,
      decimals: 0,
      every: 3,
      offset: index,
      qos: 1,
      random,
    }),
  ];
  const { power, motion, door } = profile;
  if (power !== undefined) {
    sensors.push(
      measurement(topic("power"), {
        curve: (at) => valueAt(power, at) * (1 + 0.06 * random.noise()),
        hour,
        lag: 0.5,
        noise: 1.5,
        decimals: 0,
        every: 1,
        offset: 0,
        qos: 0,
        random,
      }),
    );
  }
  if (motion !== undefined) {
    sensors.push(event(topic("motion"), ["detected", "clear"], (at) => valueAt(motion, at), [2, 6], random));
  }
  if (door !== undefined) {
    sensors.push(event(topic("door"), ["open", "closed"], (at) => valueAt(door, at), [1, 3], random));
  }
  return sensors;
}

interface MeasurementOptions {
  readonly curve: (hour: number) => number;
  readonly hour: number;
  /** Share of the way to the curve that is covered in a minute. */
  readonly lag: number;
  readonly noise: number;
  readonly decimals: number;
  /** Minutes between reports, and which of those minutes. */
  readonly every: number;
  readonly offset: number;
  readonly qos: 0 | 1;
  readonly random: Random;
}

function measurement(topic: string, options: MeasurementOptions): Sensor {
  let value = options.curve(options.hour);
  return {
    topic,
    qos: options.qos,
    advance(hour, minute): boolean {
      value += (options.curve(hour) - value) * options.lag + options.noise * options.random.noise();
      value = Math.max(0, value);
      return (minute + options.offset) % options.every === 0;
    },
    payload: () => value.toFixed(options.decimals),
  };
}

function event(
  topic: string,
  [active, idle]: readonly [string, string],
  chance: (hour: number) => number,
  [shortest, longest]: readonly [number, number],
  random: Random,
): Sensor {
  let minutesLeft = 0;
  return {
    topic,
    qos: 2,
    advance(hour): boolean {
      if (minutesLeft > 0) {
        minutesLeft -= 1;
        return minutesLeft === 0;
      }
      if (random.next() >= chance(hour)) return false;
      minutesLeft = random.integer(shortest, longest);
      return true;
    },
    payload: () => (minutesLeft > 0 ? active : idle),
  };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
