/**
 * A publisher that knows nothing of us: the NATS protocol over a TCP socket, as a service in any language could speak it.
 *
 * The event is on the broker when the returned promise resolves, since JetStream acknowledged it.
 */
import { randomBytes } from "node:crypto"
import { connect, type Socket } from "node:net"

export interface PlainMessage {
  readonly subject: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Publishes the messages in order and waits for the broker's acknowledgement of each. */
export const publishPlainly = async (natsUrl: string, messages: ReadonlyArray<PlainMessage>): Promise<void> => {
  const { hostname, port } = new URL(natsUrl)
  const socket = connect({ host: hostname, port: Number(port) })
  const inbox = `_INBOX.${randomBytes(8).toString("hex")}`
  try {
    const acknowledged = acknowledgements(socket, messages.length)
    socket.write(`CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB ${inbox} 1\r\n`)
    for (const message of messages) socket.write(published(message, inbox))
    await acknowledged
  } finally {
    socket.destroy()
  }
}

const published = ({ subject, headers = {}, body }: PlainMessage, reply: string): string => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `NATS/1.0\r\n${lines.join("")}\r\n`
  const payload = JSON.stringify(body)
  const headBytes = Buffer.byteLength(head)
  return `HPUB ${subject} ${reply} ${headBytes} ${headBytes + Buffer.byteLength(payload)}\r\n${head}${payload}\r\n`
}

const acknowledgements = (socket: Socket, count: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let heard = ""
    socket.on("error", reject)
    socket.on("data", (chunk) => {
      heard += chunk.toString("utf8")
      if (heard.includes("-ERR") || heard.includes('"error"')) reject(new Error(heard))
      if (heard.split('"stream":"EVENTS"').length > count) resolve()
    })
  })
