/** How many messages each seed publishes. */
export const messagesPerSeed = 200;
