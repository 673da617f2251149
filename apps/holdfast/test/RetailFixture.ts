/** A crafted file in the form of the data set, with every kind of row that the real one has. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"

export const csvHeader = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"

export const csvRows = [
  // an order of a British shopper, with postage and a code typed in lower case
  `1001,85123A,WHITE HEART,6,2011-11-01 08:26:00,2.55,17850.0,United Kingdom`,
  `1001,22197,"BOX, ""RED""",2,2011-11-01 08:26:00,3.39,17850.0,United Kingdom`,
  `1001,POST,POSTAGE,1,2011-11-01 08:26:00,18.0,17850.0,United Kingdom`,
  // the same customer orders the same SKU again
  `1002,85123a,WHITE HEART,4,2011-11-01 09:00:00,2.55,17850.0,United Kingdom`,
  // a wholesaler abroad, a free line with it
  `1003,22197,BOX RED,300,2011-11-01 09:30:00,3.39,12662.0,Germany`,
  `1003,21704,GIFT,1,2011-11-01 09:30:00,0.0,12662.0,Germany`,
  // nobody known
  `1004,21704,BAG,3,2011-11-01 10:00:00,0.85,,United Kingdom`,
  // stock keepers at work: found, damaged, no note
  `1005,21704,found,10,2011-11-01 10:10:00,0.0,,United Kingdom`,
  `1006,85123A,damaged,-2,2011-11-01 10:20:00,0.0,,United Kingdom`,
  `1007,22197,,-1,2011-11-01 10:30:00,0.0,,United Kingdom`,
  // gives back 7 of the 4 + 6 ordered, and 5 of another SKU of which 2 were ordered
  `C1008,85123A,WHITE HEART,-7,2011-11-01 11:00:00,2.55,17850.0,United Kingdom`,
  `C1008,22197,BOX RED,-5,2011-11-01 11:00:00,3.39,17850.0,United Kingdom`,
  // nobody's order can explain this one
  `C1009,21704,BAG,-1,2011-11-01 11:30:00,0.85,,United Kingdom`,
  // another SKU, sold below what it has
  `1010,99999,LAMP,40,2011-11-02 08:00:00,1.00,17850.0,United Kingdom`
]

export const csvText = [csvHeader, ...csvRows, ""].join("\n")

/** Runs with the path of a file of this content, which is removed afterwards. */
export const withCsv = async <A>(
  content: string | Buffer,
  name: string,
  use: (path: string) => Promise<A>
): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-csv-"))
  const path = join(folder, name)
  try {
    writeFileSync(path, name.endsWith(".gz") ? gzipSync(content) : content)
    return await use(path)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
