import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { AttachedFile } from '../trigger/mail/parse-mail.ts';
import type { AttachmentFiles } from '../trigger/mail/ports.ts';
import { doorKeys } from './dynamo-doors.ts';
import { expiresIn, toItem } from './items.ts';

interface Clients {
  dynamo: () => DynamoDBClient;
  s3: () => S3Client;
}

/** What mails carry, stored as files of the project. */
export class MailFiles implements AttachmentFiles {
  readonly #clients: Clients;
  readonly #settings: { table: string; bucket: string; retentionDays: number };

  constructor(clients: Clients, settings: { table: string; bucket: string; retentionDays: number }) {
    this.#clients = clients;
    this.#settings = settings;
  }

  async keep(of: { id: string; workspace: string; project: string }, file: AttachedFile): Promise<void> {
    const { table, bucket, retentionDays } = this.#settings;
    const { name, contentType, sha256, bytes } = file;
    const now = new Date();
    await this.#clients
      .s3()
      .send(
        new PutObjectCommand({ Bucket: bucket, Key: `files/${of.id}`, Body: bytes, ContentType: 'application/octet-stream' }),
      );
    const row = {
      ...of,
      name,
      type: contentType,
      size: bytes.length,
      sha256,
      createdAt: now.toISOString(),
      uploadedAt: now.toISOString(),
    };
    const Item = toItem({
      pk: `FILE#${of.id}`,
      sk: 'FILE',
      ...row,
      ...doorKeys('file', of),
      expires: expiresIn(retentionDays, now),
    });
    await this.#clients.dynamo().send(new PutItemCommand({ TableName: table, Item }));
  }
}
