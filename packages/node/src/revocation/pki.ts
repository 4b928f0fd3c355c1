import { UnsupportedError } from "@rivulet/engine";

/*
 * What is used of pkijs and asn1js. Their own declarations need the DOM's, which this package does not have;
 * `pki.test.ts` has the compiler compare these with them.
 */

/** The two libraries, which are there if somebody has installed them. */
export interface Pki {
  readonly asn1js: {
    /** `offset` is -1 for what cannot be read, else how many bytes were. */
    fromBER(bytes: Uint8Array<ArrayBuffer>): { readonly offset: number; readonly result: Asn1Node };
  };
  readonly pkijs: {
    readonly BasicOCSPResponse: Structure<BasicOcspResponse>;
    readonly Certificate: Structure<PkiCertificate>;
    readonly CertificateRevocationList: Structure<PkiCrl>;
    readonly RSASSAPSSParams: Structure<PssParameters>;
  };
}

/** A structure of pkijs. Its constructor throws at a value that is not of its form. */
type Structure<Value> = new (parameters: { schema: Asn1Node }) => Value;

interface Asn1Node {
  toBER(): ArrayBuffer;
}

/** An Integer, an OctetString or a BitString. */
interface HexNode {
  readonly valueBlock: { readonly valueHexView: Uint8Array };
}

export interface PkiAlgorithm {
  readonly algorithmId: string;
  readonly algorithmParams?: unknown;
}

interface PkiName {
  /** The name as it came. */
  readonly valueBeforeDecode: ArrayBuffer;
}

export interface PkiExtension {
  readonly extnID: string;
  readonly critical: boolean;
  readonly extnValue: HexNode;
  readonly parsedValue?: unknown;
}

interface Extensions {
  readonly extensions: readonly PkiExtension[];
}

interface PkiTime {
  readonly value: Date;
}

export interface PkiCertificate {
  readonly tbsView: Uint8Array;
  readonly serialNumber: HexNode;
  readonly issuer: PkiName;
  readonly subject: PkiName;
  readonly notBefore: PkiTime;
  readonly notAfter: PkiTime;
  readonly subjectPublicKeyInfo: { readonly subjectPublicKey: HexNode; toSchema(): Asn1Node };
  readonly extensions?: readonly PkiExtension[];
  readonly signature: PkiAlgorithm;
  readonly signatureAlgorithm: PkiAlgorithm;
  readonly signatureValue: HexNode;
}

export interface BasicOcspResponse {
  readonly tbsResponseData: {
    readonly tbsView: Uint8Array;
    readonly responses: readonly PkiSingleResponse[];
    readonly responseExtensions?: readonly PkiExtension[];
  };
  readonly signatureAlgorithm: PkiAlgorithm;
  readonly signature: HexNode;
  readonly certs?: readonly PkiCertificate[];
}

export interface PkiSingleResponse {
  readonly certID: {
    readonly hashAlgorithm: PkiAlgorithm;
    readonly issuerNameHash: HexNode;
    readonly issuerKeyHash: HexNode;
    readonly serialNumber: HexNode;
  };
  /** A choice of [0], [1] and [2]. */
  readonly certStatus: unknown;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  readonly singleExtensions?: readonly PkiExtension[];
}

export interface PkiCrl {
  readonly issuer: PkiName;
  readonly thisUpdate: PkiTime;
  readonly nextUpdate?: PkiTime;
  readonly crlExtensions?: Extensions;
  readonly signature: PkiAlgorithm;
  readonly signatureAlgorithm: PkiAlgorithm;
  readonly signatureValue: HexNode;
}

interface PssParameters {
  readonly hashAlgorithm: PkiAlgorithm;
  readonly maskGenAlgorithm: PkiAlgorithm;
  readonly saltLength: number;
  readonly trailerField: number;
}

/** Loads a package by its name. */
export type Importer = (name: string) => Promise<unknown>;

/**
 * Loads pkijs and asn1js, which are optional peers of this package.
 *
 * @throws UnsupportedError when they are not installed; `option` is what needs them.
 */
export async function loadPki(option: string, importer: Importer = importPackage): Promise<Pki> {
  try {
    const [asn1js, pkijs] = await Promise.all([importer("asn1js"), importer("pkijs")]);
    return { asn1js, pkijs } as Pki;
  } catch (cause) {
    const message = `${option} needs the packages pkijs and asn1js: install them beside this one`;
    throw new UnsupportedError(option, message, { cause });
  }
}

/** Reads one value and nothing after it; undefined when there is none. */
function readNode({ asn1js }: Pki, bytes: Uint8Array): Asn1Node | undefined {
  // A copy, because the library takes no view of shared memory.
  const { offset, result } = asn1js.fromBER(new Uint8Array(bytes));
  return offset === bytes.length ? result : undefined;
}

/** Reads bytes as a structure; undefined when they are none. */
export function readStructure<Value>(pki: Pki, structure: Structure<Value>, bytes: Uint8Array): Value | undefined {
  try {
    const schema = readNode(pki, bytes);
    return schema === undefined ? undefined : new structure({ schema });
  } catch {
    // Whatever the library throws at it: the bytes are not what they should be.
    return undefined;
  }
}

/** The bytes of a value that the library has left as it was; undefined when it is none. */
export function encodeNode(node: unknown): Uint8Array | undefined {
  return isNode(node) ? new Uint8Array(node.toBER()) : undefined;
}

function isNode(value: unknown): value is Asn1Node {
  return typeof value === "object" && value !== null && "toBER" in value;
}

/** By a variable, since the types of these packages do not compile without the DOM's. */
function importPackage(name: string): Promise<unknown> {
  return import(/* @vite-ignore */ name);
}
