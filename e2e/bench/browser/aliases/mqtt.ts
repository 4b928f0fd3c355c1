/** MQTT.js as a script tag has put it there, for what imports it. */
declare const mqtt: Pick<typeof import("mqtt"), "connectAsync">;

const library: {
  connectAsync: (url: string, options: import("mqtt").IClientOptions) => Promise<import("mqtt").MqttClient>;
} = {
  connectAsync: (url, options) => mqtt.connectAsync(url, options),
};
export { library as default }; // What imports it asks for that.
