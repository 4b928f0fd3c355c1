/*
 * A plugin for mosquitto 2 that authenticates by SCRAM-SHA-256 (RFC 5802, RFC 7677), so that the tests have a real
 * exchange of AUTH packets. It knows one user, given by plugin_opt_username and plugin_opt_password, and one whom it
 * answers with a signature that is wrong, plugin_opt_deceived; both have the same password. For tests only: it prepares
 * no strings and takes messages in their plainest form.
 *
 *   cc -shared -fPIC -o scram.so scram.c -lcrypto
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

enum { HASH = 32, SALT = 16, ITERATIONS = 4096, TEXT = 512 };

static const char method[] = "SCRAM-SHA-256";

struct exchange {
  struct exchange *next;
  const struct mosquitto *client;
  bool deceives;
  char nonce[TEXT];        /* of both */
  char messages[2 * TEXT]; /* client-first without its header, server-first */
};

static const char *username, *deceived, *password;
static unsigned char salt[SALT], salted[HASH];
static struct exchange *exchanges;

static void hmac(const unsigned char *key, const char *text, unsigned char *out)
{
  HMAC(EVP_sha256(), key, HASH, (const unsigned char *)text, strlen(text), out, NULL);
}

static void base64(const unsigned char *bytes, int length, char *out)
{
  EVP_EncodeBlock((unsigned char *)out, bytes, length);
}

static struct exchange *find(const struct mosquitto *client)
{
  struct exchange *each = exchanges;
  while (each != NULL && each->client != client) each = each->next;
  return each;
}

static void forget(const struct mosquitto *client)
{
  for (struct exchange **each = &exchanges; *each != NULL; each = &(*each)->next) {
    if ((*each)->client != client) continue;
    struct exchange *found = *each;
    *each = found->next;
    free(found);
    return;
  }
}

static int answer(struct mosquitto_evt_extended_auth *event, const char *text, int result)
{
  event->data_out = strdup(text); /* the broker frees it */
  if (event->data_out == NULL) return MOSQ_ERR_NOMEM;
  event->data_out_len = (uint16_t)strlen(text);
  return result;
}

/* Copies what the client said; false when it is too long, or not text. */
static bool read_text(const struct mosquitto_evt_extended_auth *event, char *text)
{
  if (event->data_in == NULL || event->data_in_len >= TEXT / 2) return false;
  memcpy(text, event->data_in, event->data_in_len);
  text[event->data_in_len] = 0;
  return strlen(text) == event->data_in_len;
}

/* n,,n=NAME,r=NONCE  ->  r=NONCES,s=SALT,i=COUNT */
static int on_start(int event_number, void *event_data, void *user_data)
{
  struct mosquitto_evt_extended_auth *event = event_data;
  char text[TEXT], name[TEXT], client_nonce[TEXT], first[TEXT], server_nonce[32], salt_text[32];
  unsigned char random[18];
  (void)event_number;
  (void)user_data;

  if (strcmp(event->auth_method, method) != 0) return MOSQ_ERR_NOT_SUPPORTED;
  if (!read_text(event, text) || sscanf(text, "n,,n=%[^,],r=%[!-+--~]", name, client_nonce) != 2) return MOSQ_ERR_AUTH;
  if (strcmp(name, username) != 0 && strcmp(name, deceived) != 0) return MOSQ_ERR_AUTH;

  forget(event->client);
  struct exchange *exchange = calloc(1, sizeof *exchange);
  if (exchange == NULL || RAND_bytes(random, sizeof random) != 1) {
    free(exchange);
    return MOSQ_ERR_NOMEM;
  }
  exchange->client = event->client;
  exchange->deceives = strcmp(name, deceived) == 0;
  exchange->next = exchanges;
  exchanges = exchange;

  base64(random, sizeof random, server_nonce);
  base64(salt, SALT, salt_text);
  snprintf(exchange->nonce, TEXT, "%.256s%s", client_nonce, server_nonce);
  snprintf(first, TEXT, "r=%.300s,s=%s,i=%d", exchange->nonce, salt_text, ITERATIONS);
  snprintf(exchange->messages, sizeof exchange->messages, "%s,%s", text + strlen("n,,"), first);
  return answer(event, first, MOSQ_ERR_AUTH_CONTINUE);
}

/* c=biws,r=NONCES,p=PROOF  ->  v=SIGNATURE */
static int finish(struct mosquitto_evt_extended_auth *event, const struct exchange *exchange)
{
  char text[TEXT], expected[TEXT], said[4 * TEXT], proof_text[64], final[64] = "v=";
  unsigned char client_key[HASH], stored_key[HASH], server_key[HASH], signature[HASH];

  if (!read_text(event, text)) return MOSQ_ERR_AUTH;
  char *proof = strstr(text, ",p=");
  if (proof == NULL) return MOSQ_ERR_AUTH;
  *proof = 0;
  proof += strlen(",p=");
  snprintf(expected, TEXT, "c=biws,r=%.400s", exchange->nonce);
  if (strcmp(text, expected) != 0) return MOSQ_ERR_AUTH;

  snprintf(said, sizeof said, "%s,%s", exchange->messages, expected);
  hmac(salted, "Client Key", client_key);
  EVP_Digest(client_key, HASH, stored_key, NULL, EVP_sha256(), NULL);
  hmac(stored_key, said, signature);
  for (int index = 0; index < HASH; index++) signature[index] ^= client_key[index];
  base64(signature, HASH, proof_text);
  if (strlen(proof) != strlen(proof_text) || CRYPTO_memcmp(proof, proof_text, strlen(proof)) != 0) return MOSQ_ERR_AUTH;

  hmac(salted, "Server Key", server_key);
  hmac(server_key, said, signature);
  if (exchange->deceives) signature[0] ^= 1;
  base64(signature, HASH, final + strlen(final));
  return answer(event, final, MOSQ_ERR_SUCCESS);
}

static int on_continue(int event_number, void *event_data, void *user_data)
{
  struct mosquitto_evt_extended_auth *event = event_data;
  const struct exchange *exchange = find(event->client);
  (void)event_number;
  (void)user_data;

  const int result = exchange == NULL ? MOSQ_ERR_AUTH : finish(event, exchange);
  forget(event->client);
  return result;
}

static int on_disconnect(int event_number, void *event_data, void *user_data)
{
  (void)event_number;
  (void)user_data;
  forget(((struct mosquitto_evt_disconnect *)event_data)->client);
  return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_version(int supported_version_count, const int *supported_versions)
{
  for (int index = 0; index < supported_version_count; index++) {
    if (supported_versions[index] == 5) return 5;
  }
  return -1;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **user_data, struct mosquitto_opt *options, int count)
{
  *user_data = identifier;
  for (int index = 0; index < count; index++) {
    if (strcmp(options[index].key, "username") == 0) username = options[index].value;
    if (strcmp(options[index].key, "deceived") == 0) deceived = options[index].value;
    if (strcmp(options[index].key, "password") == 0) password = options[index].value;
  }
  if (username == NULL || deceived == NULL || password == NULL) return MOSQ_ERR_INVAL;
  if (RAND_bytes(salt, SALT) != 1) return MOSQ_ERR_UNKNOWN;
  PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, SALT, ITERATIONS, EVP_sha256(), HASH, salted);
  mosquitto_callback_register(identifier, MOSQ_EVT_EXT_AUTH_START, on_start, NULL, NULL);
  mosquitto_callback_register(identifier, MOSQ_EVT_EXT_AUTH_CONTINUE, on_continue, NULL, NULL);
  return mosquitto_callback_register(identifier, MOSQ_EVT_DISCONNECT, on_disconnect, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *user_data, struct mosquitto_opt *options, int count)
{
  (void)options;
  (void)count;
  while (exchanges != NULL) forget(exchanges->client);
  mosquitto_callback_unregister(user_data, MOSQ_EVT_EXT_AUTH_START, on_start, NULL);
  mosquitto_callback_unregister(user_data, MOSQ_EVT_EXT_AUTH_CONTINUE, on_continue, NULL);
  return mosquitto_callback_unregister(user_data, MOSQ_EVT_DISCONNECT, on_disconnect, NULL);
}
