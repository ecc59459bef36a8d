// What bundles have in place of @smithy/core/event-streams: no call of ours streams events, and the code for it is 15 KB of each bundle.
// S3 imports these two names for its SelectObjectContent; a name that a newer SDK imports beside them breaks the build.
export const resolveEventStreamSerdeConfig = <Config>(config: Config): Config => config;
export const eventStreamSerdeProvider = undefined;
