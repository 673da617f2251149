/**
 * What is to be known of a system that takes and leaves files on an SFTP server: who we are there, where files go, what is in them.
 *
 * Guarantee: decoded settings can be written: names fit their X12 elements, separators differ. They hold no secret.
 */
import { Schema } from "effect"
import { wholeFrom } from "./WholeNumber.ts"

/** As `ssh-keygen -lf` prints it. */
const HostKey = Schema.String.check(Schema.isPattern(/^SHA256:[A-Za-z0-9+/]{43}$/))

/** Absolute: what relative paths start from differs from server to server. */
const ServerPath = Schema.String.check(Schema.isPattern(/^\/[^\p{Cc}]{0,1023}$/u))

const ColumnName = Schema.String.check(Schema.isPattern(/^[^\p{Cc}]{1,64}$/u))

/** What the columns of a quantity file are called; each as it is named here when absent. */
const QuantityColumns = Schema.Struct({
  sku: Schema.optionalKey(ColumnName),
  quantity: Schema.optionalKey(ColumnName),
  version: Schema.optionalKey(ColumnName),
  time: Schema.optionalKey(ColumnName)
})
export type QuantityColumns = typeof QuantityColumns.Type

/** One side of an interchange: the qualifier of ISA05 or ISA07, and the id of ISA06 or ISA08. */
const Party = Schema.Struct({
  qualifier: Schema.String.check(Schema.isPattern(/^[0-9A-Z]{2}$/)),
  id: Schema.String.check(Schema.isPattern(/^[0-9A-Za-z][0-9A-Za-z .-]{0,13}[0-9A-Za-z]$/))
})

const separate = Schema.makeFilter((text: string) =>
  new Set(text).size === text.length ? undefined : "must be four characters that differ"
)

const Partners = {
  /** how we are called */
  sender: Party,
  receiver: Party,
  version: Schema.Literals(["004010", "005010"]),
  /** between elements, repetitions and components, and at the end of a segment; `*^>~` when absent */
  separators: Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^[!-/:-@[-`{-~]{3}[!-/:-@[-`{-~\n]$/), separate)
  ),
  /** a line break after each segment */
  lineBreaks: Schema.optionalKey(Schema.Boolean),
  /** ISA15 is `T` */
  test: Schema.optionalKey(Schema.Boolean)
}

const code = (max: number) => Schema.String.check(Schema.isPattern(new RegExp(`^[0-9A-Z]{1,${max}}$`)))

/** What a file of quantities looks like. */
const QuantityFile = Schema.Union([
  Schema.Struct({ format: Schema.Literal("csv"), columns: Schema.optionalKey(QuantityColumns) }),
  Schema.Struct({
    format: Schema.Literal("edi846"),
    ...Partners,
    /** LIN02: what kind of name a SKU is; `SK` when absent */
    itemQualifier: Schema.optionalKey(code(2)),
    /** QTY01: what is counted; `33`, available for sale, when absent */
    quantityQualifier: Schema.optionalKey(code(2)),
    /** the warehouse of N1; none is said when absent */
    warehouse: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[0-9A-Za-z][0-9A-Za-z._-]{1,79}$/)))
  })
])
export type QuantityFile = typeof QuantityFile.Type
export type Inventory846 = Extract<QuantityFile, { readonly format: "edi846" }>

/** Where the system leaves a file of what it shows, with the columns of `csv`. */
const StockFile = Schema.Struct({
  path: ServerPath,
  columns: Schema.optionalKey(QuantityColumns),
  /** milliseconds until a file that it took surely shows in this one */
  settleMillis: wholeFrom(0, 24 * 60 * 60 * 1000)
})

/** What the system leaves for us. */
const OutgoingFiles = Schema.Struct({
  directory: ServerPath,
  format: Schema.Literals(["csv", "edi852"]),
  /** `edi852`: which of LIN's names is our SKU; `SK` when absent */
  itemQualifier: Schema.optionalKey(code(2)),
  /** `edi852`: each group is answered by a 997, where our files go */
  acknowledge: Schema.optionalKey(Schema.Boolean),
  /** milliseconds that a file must not have grown before it is read; 0: it is renamed when it is whole */
  quietMillis: wholeFrom(0, 60 * 60 * 1000)
})
export type OutgoingFiles = typeof OutgoingFiles.Type

export const SftpSettings = Schema.Struct({
  user: Schema.String.check(Schema.isPattern(/^[^\p{Cc}]{1,128}$/u)),
  /** fingerprints of the server's keys: one of them, or nothing is said to it */
  hostKeys: Schema.Array(HostKey).check(Schema.isMinLength(1), Schema.isMaxLength(4)),
  /** where our files go */
  directory: ServerPath,
  /** what the names of our files begin with; `stock` when absent */
  prefix: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[0-9A-Za-z_-]{1,32}$/))),
  file: QuantityFile,
  /** absent: nobody can say what it shows */
  stock: Schema.optionalKey(StockFile),
  /** absent: it tells us nothing */
  outgoing: Schema.optionalKey(OutgoingFiles)
})
export type SftpSettings = typeof SftpSettings.Type
