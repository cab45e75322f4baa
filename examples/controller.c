/* A small controller over JSON lines on standard input and output: another language under the suite.
 *
 *     gcc -O2 -Wall -o controller examples/controller.c
 *     splitproof conform --command ./controller --profile core
 *
 * Source and target are mirrored block by block, one step of its own work after each request and one a millisecond.
 * After a split a write to a block that is not copied yet waits in a second slot until the block is copied, so that
 * neither the split nor a write ever waits. A backup copies what it needs first, and writes the target to tape.
 * -DMISTAKE=1 to 4 plants one mistake each. Requests come as the suite writes them: without spaces, `id` first.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef MISTAKE
#define MISTAKE 0
#endif
#define BLOCKS 64
#define BYTES 64
#define BACKUPS 10000

typedef struct { char hex[2 * BYTES + 1]; } Data; /* as on the wire: the controller never looks at data */
typedef struct { int wanted[BLOCKS], written[BLOCKS], done; Data records[BLOCKS]; } Backup;

static const char *const STATES[] = {"simplex", "duplex pending", "duplex", "split pending", "split"};
enum { SIMPLEX, CREATING, DUPLEX, PENDING, SPLIT };

static Data source[BLOCKS], target[BLOCKS], later[BLOCKS];
static int differs[BLOCKS], waits[BLOCKS], changed[BLOCKS]; /* `changed`: written since the split, for the resync */
static int count, state, held, backups;
static Backup *library[BACKUPS];

static int is_split(void) { return state == PENDING || state == SPLIT; }

/* ---- its own work, one step at a time ---- */

static void copy(int b) {
    target[b] = source[b];
    differs[b] = 0;
    if (waits[b]) source[b] = later[b], waits[b] = 0;
}

static int copy_step(void) {
    for (int b = 0; b < count && !held; b++)
        if (differs[b]) return copy(b), 1;
    if (!held && state == CREATING) return state = DUPLEX, 1;
    if (!held && state == PENDING) return state = SPLIT, 1;
    return 0;
}

static int backup_step(void) {
    for (int i = 0; i < backups; i++) {
        Backup *job = library[i];
        if (job->done) continue;
        for (int b = 0; b < count; b++)
            if (job->wanted[b] && !job->written[b]) {
#if MISTAKE == 2 /* the tape gets what the source holds by now */
                job->records[b] = waits[b] ? later[b] : source[b];
#else
                if (differs[b] && held) break; /* until copying goes on */
                if (differs[b]) return copy(b), 1;
                job->records[b] = target[b];
#endif
                return job->written[b] = 1;
            } else if (b == count - 1) {
                return job->done = 1;
            }
    }
    return 0;
}

/* ---- requests ---- */

static int number(const char *line, const char *key) { return atoi(strstr(line, key) + strlen(key)); }

static void answer(int id, const char *ok) { printf("{\"id\":%d,\"ok\":%s}\n", id, ok); }

static void refuse(int id, const char *kind, const char *why) {
    printf("{\"id\":%d,\"error\":{\"kind\":\"%s\",\"message\":\"%s\"}}\n", id, kind, why);
}

static void reset(int blocks) {
    for (int i = 0; i < backups; i++) free(library[i]);
    count = blocks, state = SIMPLEX, held = backups = 0;
    for (int b = 0; b < count; b++) {
        for (int i = 0; i < BYTES; i++) sprintf(source[b].hex + 2 * i, "%02x", b), strcpy(target[b].hex + 2 * i, "ff");
        differs[b] = waits[b] = changed[b] = 0;
    }
}

static void store(int b, Data data) {
    int keep = is_split() && differs[b]; /* the image of the block is nowhere but on the source */
#if MISTAKE == 1                         /* it is overwritten */
    keep = 0;
#endif
    if (keep) later[b] = data, waits[b] = 1;
    else source[b] = data;
    if (state == CREATING || state == DUPLEX) differs[b] = 1;
    if (is_split()) changed[b] = 1;
#if MISTAKE == 3 /* one table for both: what is written after the split is copied over the image */
    if (state == PENDING) differs[b] = 1;
#endif
}

static int start(const char *extents) {
    Backup *job = library[backups] = calloc(1, sizeof *job);
    for (const char *at = extents; at; at = strchr(at + 1, '[')) {
        int first = 0, length = 0;
        sscanf(at, "[%d,%d]", &first, &length);
        for (int b = first; b < first + length; b++) job->wanted[b] = 1;
    }
    return backups++;
}

static void tape(int id, const Backup *job) {
    const char *comma = "";
    printf("{\"id\":%d,\"ok\":{", id);
    for (int b = 0; b < count; b++)
        if (job->written[b]) printf("%s\"%d\":\"%s\"", comma, b, job->records[b].hex), comma = ",";
    printf("}}\n");
}

static void serve(const char *line) {
    char name[40] = "", text[200];
    Data data;
    int id = number(line, "\"id\":");
    sscanf(strstr(line, "\"op\":"), "\"op\":\"%39[^\"]", name);
#define IS(operation) (strcmp(name, operation) == 0)
    if (IS("capabilities"))
        answer(id, "{\"block_size_bytes\":64,\"block_count_max\":64,\"name\":\"a controller in C\","
                   "\"operations\":[\"resync\",\"hold_copy\",\"release_copy\"]}");
    else if (IS("reset")) reset(number(line, "\"block_count\":")), answer(id, "null");
    else if (IS("hold_copy")) held = 1, answer(id, "null");
    else if (IS("release_copy")) held = 0, answer(id, "null");
    else if (IS("write")) {
        sscanf(strstr(line, "\"data\":"), "\"data\":\"%128[0-9a-f]", data.hex);
        store(number(line, "\"block\":"), data), answer(id, "null");
    } else if (IS("read")) {
        int b = number(line, "\"block\":");
        sprintf(text, "\"%s\"", waits[b] ? later[b].hex : source[b].hex), answer(id, text);
    } else if (IS("create_pair")) {
        if (state != SIMPLEX) return refuse(id, "rejected", "there is a pair");
        for (int b = 0; b < count; b++) differs[b] = 1;
        state = CREATING, answer(id, "null");
    } else if (IS("split")) {
        if (state != DUPLEX && state != CREATING) return refuse(id, "rejected", "there is no pair to split");
        state = PENDING, answer(id, "null");
    } else if (IS("resync")) {
        if (!is_split()) return refuse(id, "rejected", "the pair is not split");
        for (int i = 0; i < backups; i++)
            if (!library[i]->done) return refuse(id, "rejected", "a backup is under way");
        for (int b = 0; b < count; b++) {
            if (waits[b]) source[b] = later[b], waits[b] = 0;
            differs[b] |= changed[b], changed[b] = 0;
        }
        state = CREATING, answer(id, "null");
    } else if (IS("pair_state")) {
        sprintf(text, "{\"source\":\"%s\",\"target\":\"%s\"}", STATES[is_split() ? SPLIT : state], STATES[state]);
        answer(id, text);
    } else if (IS("backup")) {
        if (!is_split()) return refuse(id, "rejected", "the pair is not split");
        if (backups == BACKUPS) return refuse(id, "rejected", "the library is full");
        sprintf(text, "\"%d\"", start(strstr(line, "[[") + 1)), answer(id, text);
    } else if (IS("backup_status") || IS("tape_image")) {
        int i = number(line, "\"backup\":\"");
        if (i >= backups) return refuse(id, "rejected", "there is no such backup");
        if (IS("tape_image")) return tape(id, library[i]);
        int done = MISTAKE == 4 || library[i]->done; /* 4: a good end is reported before the tape is written */
        answer(id, done ? "{\"state\":\"completed\",\"segments_done\":0}" : "{\"state\":\"in progress\",\"segments_done\":0}");
    } else refuse(id, "unsupported", "there is no such operation");
}

int main(void) {
    char *line = NULL;
    size_t size = 0;
    struct pollfd input = {.fd = 0, .events = POLLIN};
    int busy = 0;
    setvbuf(stdin, NULL, _IONBF, 0); /* or poll would not see what is buffered */
    for (;;) {
        if (poll(&input, 1, busy ? 1 : -1) > 0) {
            if (getline(&line, &size, stdin) < 0) return 0;
            serve(line), fflush(stdout);
        }
        busy = backup_step() | copy_step();
    }
}
