/** PUBREC or PUBCOMP, as it leaves a client. */
interface SentAnswer {
  readonly type: "pubrec" | "pubcomp";
  readonly packetIdentifier: number;
}

/** The PUBRECs that do not refuse, and the PUBCOMPs, in what a client writes at once: whole packets. */
export function sentAnswers(chunk: Uint8Array): SentAnswer[] {
  const answers: SentAnswer[] = [];
  for (let position = 0; position < chunk.length;) {
    const type = byteAt(chunk, position) >> 4;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      position += 1;
      length += (byteAt(chunk, position) & 0x7f) << shift;
      if (byteAt(chunk, position) < 0x80) break;
    }
    const body = position + 1;
    position = body + length;
    const packetIdentifier = (byteAt(chunk, body) << 8) + byteAt(chunk, body + 1);
    if (type === 7) answers.push({ type: "pubcomp", packetIdentifier });
    else if (type === 5 && (length === 2 || byteAt(chunk, body + 2) < 0x80))
      answers.push({ type: "pubrec", packetIdentifier });
  }
  return answers;
}

function byteAt(chunk: Uint8Array, position: number): number {
  return chunk[position] ?? 0;
}
