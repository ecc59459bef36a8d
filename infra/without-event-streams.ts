// What bundles have in place of @smithy/core/event-streams: no call of ours streams events, and the code for it is 15 KB of each bundle.
// S3 imports the first two names for its SelectObjectContent, the client of Bedrock's models the others for answers in pieces; a name that a newer SDK
// imports beside them breaks the build.
export const resolveEventStreamSerdeConfig = <Config>(config: Config): Config => config;
export const eventStreamSerdeProvider = undefined;

/** Stands for what nobody makes. */
class Absent {}
export const EventStreamCodec = Absent;
export const HeaderMarshaller = Absent;
export const Int64 = Absent;
export const MessageDecoderStream = Absent;
export const MessageEncoderStream = Absent;
export const SmithyMessageDecoderStream = Absent;
export const SmithyMessageEncoderStream = Absent;
