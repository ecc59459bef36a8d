/**
 * Imported before anything else where functions are imported before the cloud has set their environment: metrics are not printed, and what they warn of in
 * these tests is as it should be.
 */
process.env['POWERTOOLS_METRICS_DISABLED'] = 'true';
process.env['LOG_LEVEL'] = 'CRITICAL';
