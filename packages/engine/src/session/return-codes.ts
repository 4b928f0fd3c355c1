/** The Connect Return codes of MQTT 3.1.1 (its section 3.2.2.3). In MQTT 5.0 no refusal has such a number. */
const texts: readonly (string | undefined)[] = [
  undefined,
  "Unacceptable protocol version",
  "Client identifier rejected",
  "Server unavailable",
  "Bad user name or password",
  "Not authorized",
];

/** A Connect Return code of MQTT 3.1.1 in words; undefined when it is none. */
export function returnCodeText(returnCode: number): string | undefined {
  return texts[returnCode];
}
