import type { KeyObject } from "node:crypto";
import { dsaPrivateKey, dsaPublicKey, rsaPrivateKey, rsaPublicKey } from "./key-numbers.ts";
import { decodeBase64 } from "./pem.ts";
import { KeyProblem } from "./problems.ts";

/**
 * Keys as XML Signature has them (section 4.4.2), and .NET with their private numbers. What is looked for is elements
 * with Base64 in them, so that nothing of XML that could be turned against a parser is ever read.
 */
export function readXmlPrivateKey(text: string): KeyObject {
  const numbers = readNumbers(text);
  if (numbers.name === "DSAKeyValue") {
    if (!numbers.has("X")) throw onlyPublic();
    return dsaPrivateKey(numbers.dsa(), numbers.get("X"));
  }
  if (!numbers.has("D")) throw onlyPublic();
  const [d, p, q, qi] = [numbers.get("D"), numbers.get("P"), numbers.get("Q"), numbers.get("InverseQ")];
  return rsaPrivateKey({ ...numbers.rsa(), d, p, q, qi });
}

/** Whether there are private numbers in it. */
export function hasXmlPrivateKey(text: string): boolean {
  return ["D", "X"].some((element) => contentOf(text, element) !== undefined);
}

/** What stands in its `X509Certificate` elements. */
export function certificatesOfXml(text: string): Uint8Array[] {
  const elements = text.matchAll(/<(?:[A-Za-z0-9]{1,20}:)?X509Certificate>([^<]*)/g);
  return Array.from(elements, ([, encoded = ""]) => {
    const bytes = decodeBase64(encoded);
    if (bytes === undefined) throw new KeyProblem("is damaged: a certificate in it is not Base64");
    return bytes;
  });
}

export function readXmlPublicKey(text: string): KeyObject {
  const numbers = readNumbers(text);
  return numbers.name === "DSAKeyValue" ? dsaPublicKey(numbers.dsa()) : rsaPublicKey(numbers.rsa());
}

interface Numbers {
  readonly name: string;
  has(name: string): boolean;
  get(name: string): Uint8Array;
  rsa(): { n: Uint8Array; e: Uint8Array };
  dsa(): { p: Uint8Array; q: Uint8Array; g: Uint8Array; y: Uint8Array };
}

function readNumbers(text: string): Numbers {
  const name = ["RSAKeyValue", "DSAKeyValue"].find((one) => text.includes(`${one}>`) || text.includes(`${one} `));
  if (name === undefined) throw new KeyProblem("holds no RSAKeyValue");
  const has = (element: string): boolean => contentOf(text, element) !== undefined;
  const get = (element: string): Uint8Array => {
    const bytes = decodeBase64(contentOf(text, element) ?? "");
    if (bytes === undefined || bytes.length === 0)
      throw new KeyProblem(`is damaged: ${element} is missing or not Base64`);
    return bytes;
  };
  const rsa = (): ReturnType<Numbers["rsa"]> => ({ n: get("Modulus"), e: get("Exponent") });
  const dsa = (): ReturnType<Numbers["dsa"]> => ({ p: get("P"), q: get("Q"), g: get("G"), y: get("Y") });
  return { name, has, get, rsa, dsa };
}

/** What stands in the first element of that name, with or without a prefix. */
function contentOf(text: string, element: string): string | undefined {
  const opening = new RegExp(`<(?:[A-Za-z0-9]{1,20}:)?${element}>`).exec(text);
  if (opening === null) return undefined;
  const start = opening.index + opening[0].length;
  const end = text.indexOf("<", start);
  return end < 0 ? undefined : text.slice(start, end);
}

function onlyPublic(): KeyProblem {
  return new KeyProblem("holds a public key, where a private one is needed");
}
