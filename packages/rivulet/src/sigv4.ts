/** `rivulet/sigv4`: URLs that AWS IoT takes for credentials. */
export { awsIotUrl, type AwsCredentials, type AwsIotUrlOptions } from "./sigv4/aws-iot-url.ts";
