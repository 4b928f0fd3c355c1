import { expect, test } from "vitest";
import { Sections } from "./sections.ts";

test("the first section is printed while it is written, the others whole, in order", () => {
  const printed: string[] = [];
  const sections = new Sections((text) => printed.push(text));
  const [first, second, third] = [sections.open(), sections.open(), sections.open()];
  third.write("3");
  third.close();
  first.write("1");
  second.write("2a ");
  second.write("2b ");
  expect(printed).toEqual(["1"]);
  first.close();
  expect(printed).toEqual(["1", "2a 2b "]);
  second.write("2c ");
  second.close();
  expect(printed.join("")).toBe("12a 2b 2c 3");
});

test("a section that is opened when all others are closed is printed at once", () => {
  const printed: string[] = [];
  const sections = new Sections((text) => printed.push(text));
  sections.open().close();
  sections.open().write("late");
  expect(printed).toEqual(["late"]);
});
