/** Settings of an ERP that takes files, for tests, with what a test does not say filled in. */
import type { Inventory846, SftpSettings } from "@holdfast/domain/SftpSettings"
import { inDirectory } from "../src/testing/sftp/LegacyErp.ts"
import type { SftpServer } from "../src/testing/sftp/SftpServer.ts"

export const file846: Inventory846 = {
  format: "edi846",
  sender: { qualifier: "ZZ", id: "HOLDFAST" },
  receiver: { qualifier: "01", id: "123456789" },
  version: "004010"
}

export const sftpSettings = (
  { user, hostKey }: Pick<SftpServer, "user" | "hostKey">,
  change: Partial<SftpSettings> = {}
): SftpSettings => ({
  user,
  hostKeys: [hostKey],
  directory: inDirectory,
  file: { format: "csv" },
  ...change
})

/** An interchange with one 852. @param control ISA13 */
export const activityText = (segments: ReadonlyArray<string>, control = 17): string => {
  const number = String(control).padStart(9, "0")
  return [
    `ISA*00*          *00*          *ZZ*MART           *ZZ*HOLDFAST       *261123*0345*U*00401*${number}*0*P*>`,
    `GS*PD*MART*HOLDFAST*20261123*0345*${control}*X*004010`,
    "ST*852*0001",
    ...segments,
    `SE*${segments.length + 2}*0001`,
    `GE*1*${control}`,
    `IEA*1*${number}`
  ]
    .map((segment) => `${segment}~`)
    .join("\n")
}
