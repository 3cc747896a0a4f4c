// The life of a key through the AWS SDK for JavaScript v3: prints what it saw as one JSON object.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import * as kms from "@aws-sdk/client-kms";

// This SDK reads AWS_REGION alone, DIR/env has the name that the AWS CLI and boto3 read.
const client = new kms.KMSClient({ region: process.env.AWS_DEFAULT_REGION });
const call = (Command, input = {}) => client.send(new kms[`${Command}Command`](input));
const refusal = async (Command, input) => {
  try {
    await call(Command, input);
    return "no error";
  } catch (error) {
    return { name: error.name, message: error.message, typed: kms[error.name] ? error instanceof kms[error.name] : null };
  }
};

const { KeyMetadata: key } = await call("CreateKey", { Description: "from JavaScript" });
const KeyId = key.KeyId;
const EncryptionContext = { tenant: "acme", "größe": "ü" };

// Envelope encryption.
const dataKey = await call("GenerateDataKey", { KeyId, KeySpec: "AES_256", EncryptionContext });
const iv = randomBytes(12);
const cipher = createCipheriv("aes-256-gcm", dataKey.Plaintext, iv);
const sealed = Buffer.concat([cipher.update("the document"), cipher.final()]);
const open = async () => {
  const opened = await call("Decrypt", { CiphertextBlob: dataKey.CiphertextBlob, EncryptionContext });
  const decipher = createDecipheriv("aes-256-gcm", opened.Plaintext, iv);
  decipher.setAuthTag(cipher.getAuthTag());
  return Buffer.concat([decipher.update(sealed), decipher.final()]).toString();
};
const seen = { keyId: KeyId, created: key.CreationDate instanceof Date, document: await open() };
seen.otherContext = await refusal("Decrypt", { CiphertextBlob: dataKey.CiphertextBlob });

await call("RotateKeyOnDemand", { KeyId });
seen.afterRotation = await open();
seen.rotations = (await call("ListKeyRotations", { KeyId })).Rotations.length;
await call("DisableKey", { KeyId });
seen.disabled = await refusal("Encrypt", { KeyId, Plaintext: Buffer.from("x") });
await call("EnableKey", { KeyId });
seen.afterEnabling = await open();
const scheduled = await call("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
seen.scheduled = scheduled.KeyState;
seen.deletionIsADate = scheduled.DeletionDate instanceof Date;
seen.pending = await refusal("Encrypt", { KeyId, Plaintext: Buffer.from("x") });
await call("CancelKeyDeletion", { KeyId });
seen.cancelled = (await call("DescribeKey", { KeyId })).KeyMetadata.KeyState;
seen.unknown = await refusal("DescribeKey", { KeyId: "alias/nobody" });

let listed = 0;
for await (const page of kms.paginateListKeys({ client, pageSize: 2 }, {})) {
  listed += page.Keys.filter((one) => one.KeyId === KeyId).length;
}
seen.listed = listed;
console.log(JSON.stringify(seen));
