/**
 * A curve over the day: a level, a slow swing that is highest in mid-afternoon, and peaks around given hours.
 * For temperature, humidity and power it is a value; for motion and doors, the chance of an event in a minute.
 */
export interface DailyCurve {
  readonly level: number;
  readonly swing?: number;
  readonly peaks?: readonly { readonly hour: number; readonly widthHours: number; readonly height: number }[];
}

export interface RoomProfile {
  readonly floor: string;
  readonly room: string;
  readonly temperature: DailyCurve;
  readonly humidity: DailyCurve;
  readonly power?: DailyCurve;
  readonly motion?: DailyCurve;
  readonly door?: DailyCurve;
}

const peak = (hour: number, widthHours: number, height: number): NonNullable<DailyCurve["peaks"]>[number] => ({
  hour,
  widthHours,
  height,
});

/** The house: three floors, eight rooms. */
export const rooms: readonly RoomProfile[] = [
  {
    floor: "floor0",
    room: "garage",
    temperature: { level: 16.4, swing: 1.4, peaks: [peak(8, 0.5, -1), peak(17.7, 0.7, -0.8)] },
    humidity: { level: 58, swing: -4 },
    power: { level: 6, peaks: [peak(1.5, 1.6, 2_300)] },
    door: { level: 0, peaks: [peak(7.8, 0.4, 0.12), peak(17.7, 0.6, 0.12)] },
  },
  {
    floor: "floor0",
    room: "laundry",
    temperature: { level: 18, swing: 0.6, peaks: [peak(10, 1.2, 2.4)] },
    humidity: { level: 55, swing: -2, peaks: [peak(10.5, 1.4, 16)] },
    power: { level: 4, peaks: [peak(9.3, 0.5, 1_650), peak(10.8, 0.5, 1_150)] },
  },
  {
    floor: "floor1",
    room: "kitchen",
    temperature: { level: 20.6, swing: 0.8, peaks: [peak(7.3, 0.5, 1.2), peak(12.5, 0.6, 1.4), peak(18.7, 0.9, 2.6)] },
    humidity: { level: 46, swing: -3, peaks: [peak(7.3, 0.5, 6), peak(12.5, 0.6, 8), peak(18.7, 0.9, 15)] },
    power: { level: 85, peaks: [peak(7.2, 0.4, 1_100), peak(12.4, 0.5, 900), peak(18.5, 0.8, 2_100)] },
    motion: { level: 0.004, peaks: [peak(7.3, 0.7, 0.22), peak(12.5, 0.7, 0.18), peak(18.7, 1.2, 0.25)] },
  },
  {
    floor: "floor1",
    room: "living-room",
    temperature: { level: 20.8, swing: 0.9, peaks: [peak(20.5, 2, 1.1)] },
    humidity: { level: 43, swing: -3, peaks: [peak(20.5, 2, 4)] },
    power: { level: 18, peaks: [peak(20.8, 1.8, 190)] },
    motion: { level: 0.003, peaks: [peak(20.5, 2, 0.2), peak(9, 2, 0.05)] },
  },
  {
    floor: "floor1",
    room: "hallway",
    temperature: { level: 18.8, swing: 1 },
    humidity: { level: 48, swing: -3 },
    motion: { level: 0.005, peaks: [peak(7.7, 0.6, 0.25), peak(17.8, 1, 0.22), peak(22.3, 0.7, 0.12)] },
    door: { level: 0.002, peaks: [peak(7.8, 0.5, 0.15), peak(13, 3, 0.02), peak(17.8, 0.9, 0.12)] },
  },
  {
    floor: "floor2",
    room: "bedroom",
    temperature: { level: 18.6, swing: 0.9, peaks: [peak(3, 3, 0.7)] },
    humidity: { level: 47, swing: -2, peaks: [peak(4, 3, 7)] },
    motion: { level: 0.001, peaks: [peak(6.8, 0.4, 0.2), peak(22.6, 0.5, 0.2)] },
  },
  {
    floor: "floor2",
    room: "bathroom",
    temperature: { level: 21.4, swing: 0.5, peaks: [peak(7, 0.5, 2.2), peak(22, 0.5, 1.6)] },
    humidity: { level: 52, swing: -2, peaks: [peak(7, 0.6, 28), peak(22, 0.6, 20)] },
    motion: { level: 0.002, peaks: [peak(6.9, 0.5, 0.22), peak(22, 0.7, 0.18)] },
  },
  {
    floor: "floor2",
    room: "study",
    temperature: { level: 20, swing: 0.8, peaks: [peak(14, 3, 1.6)] },
    humidity: { level: 42, swing: -2, peaks: [peak(14, 3, 3)] },
    power: { level: 12, peaks: [peak(10.5, 1.8, 150), peak(15, 1.8, 160)] },
    motion: { level: 0.001, peaks: [peak(10.5, 1.8, 0.14), peak(15, 1.8, 0.14)] },
  },
];

/** The curve's value at an hour of the day (0 to 24; the day is a circle). */
export function valueAt(curve: DailyCurve, hour: number): number {
  let value = curve.level + (curve.swing ?? 0) * Math.cos(((hour - 15) / 12) * Math.PI);
  for (const { hour: center, widthHours, height } of curve.peaks ?? []) {
    const apart = Math.abs(hour - center) % 24;
    const distance = Math.min(apart, 24 - apart) / widthHours;
    value += height * Math.exp(-(distance * distance) / 2);
  }
  return value;
}
