/* The search of checker/compiled in C, as the measure of what is possible: the same table, batches and prefetches.
 * The generated part defines WORDS, STEPS, INITIAL_COUNT, INITIAL, successors() and violations(). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

typedef uint64_t u64;
enum { BATCH = 256, INDEX_BITS = 36, RECENT = 1 << 13 };

#include "model.h"

static u64 *states, *table, slots = 1 << 16, count;
static u64 after[(BATCH + STEPS) * WORDS], hashes[BATCH + STEPS], recent[RECENT * WORDS];

static void *reserve(size_t bytes) {
    void *p = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) abort();
    if (bytes >= 4 << 20) madvise(p, bytes, MADV_HUGEPAGE);
    return p;
}

static inline u64 hash(const u64 *s) {
    u64 h = s[0];
    for (int w = 1; w < WORDS; w++) {
        h = (h ^ h >> 29) * 0x9E3779B97F4A7C15;
        h = (h ^ h >> 32) + s[w];
    }
    h = (h ^ h >> 32) * 0xBF58476D1CE4E5B9;
    h = (h ^ h >> 29) * 0x94D049BB133111EB;
    return h ^ h >> 32;
}

static inline u64 home(u64 h) { return (u64)((unsigned __int128)h * slots >> 64); }
static inline int same(const u64 *a, const u64 *b) {
    u64 d = 0;
    for (int w = 0; w < WORDS; w++) d |= a[w] ^ b[w];
    return !d;
}

static inline int insert(const u64 *s, u64 h) {
    u64 tag = h << INDEX_BITS;
    for (u64 i = home(h);;) {
        u64 e = table[i];
        if (!e) {
            memcpy(states + count * WORDS, s, 8 * WORDS);
            table[i] = tag | ++count;
            return 1;
        }
        if (!((e ^ tag) >> INDEX_BITS)) {
            u64 known = (e & (((u64)1 << INDEX_BITS) - 1)) - 1;
            if (same(states + known * WORDS, s)) return 0;
        }
        if (++i == slots) i = 0;
    }
}

static void grow(void) {
    munmap(table, 8 * slots);
    slots *= slots < 1 << 21 ? 4 : 2;
    table = reserve(8 * slots);
    for (u64 first = 0; first < count; first += BATCH) {
        u64 n = count - first < BATCH ? count - first : BATCH;
        for (u64 k = 0; k < n; k++) {
            hashes[k] = hash(states + (first + k) * WORDS);
            __builtin_prefetch(table + home(hashes[k]), 1);
        }
        for (u64 k = 0; k < n; k++) {
            u64 i = home(hashes[k]);
            while (table[i])
                if (++i == slots) i = 0;
            table[i] = hashes[k] << INDEX_BITS | (first + k + 1);
        }
    }
}

int main(void) {
    struct timespec begin, end;
    u64 transitions = 0, levels = 0, violated = 0;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    states = reserve((size_t)1 << 36);
    table = reserve(8 * slots);
    for (u64 k = 0; k < INITIAL_COUNT; k++) insert(INITIAL[k], hash(INITIAL[k]));
    for (u64 k = 0; k < RECENT; k++) memcpy(recent + k * WORDS, INITIAL[0], 8 * WORDS);
    for (u64 head = 0, level_end; head < count; levels++) {
        level_end = count;
        while (head < level_end) {
            if (slots / 5 * 4 - count < 2 * (BATCH + STEPS)) grow();
            u64 n = 0;
            while (head < level_end && n < BATCH) {
                const u64 *s = states + head++ * WORDS;
                violated += violations(s);
                u64 made = successors(s, after, n);
                transitions += made - n;
                u64 kept = n;
                for (u64 k = n; k < made; k++) {
                    u64 state[WORDS], h = hash(after + k * WORDS), *known = recent + (h & (RECENT - 1)) * WORDS;
                    memcpy(state, after + k * WORDS, 8 * WORDS);
                    int is_new = !same(known, state);
                    memcpy(known, state, 8 * WORDS);
                    memcpy(after + kept * WORDS, state, 8 * WORDS);
                    hashes[kept] = h;
                    __builtin_prefetch(table + home(h));
                    kept += is_new;
                }
                n = kept;
            }
            for (u64 k = 0; k < n; k++) {
                u64 e = table[home(hashes[k])];
                if (!((e ^ hashes[k] << INDEX_BITS) >> INDEX_BITS))
                    __builtin_prefetch(states + ((e & (((u64)1 << INDEX_BITS) - 1)) - 1) * WORDS);
            }
            for (u64 k = 0; k < n; k++) insert(after + k * WORDS, hashes[k]);
        }
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    long resident = 0; /* pages; the peak that getrusage tells is that of whoever started this process */
    FILE *statm = fopen("/proc/self/statm", "r");
    if (!statm || fscanf(statm, "%*d %ld", &resident) != 1) return 1;
    printf("%llu %llu %llu %llu %.6f %ld\n", (unsigned long long)count, (unsigned long long)transitions,
           (unsigned long long)levels - 1, (unsigned long long)violated,
           (end.tv_sec - begin.tv_sec) + 1e-9 * (end.tv_nsec - begin.tv_nsec), resident * 4096);
    return 0;
}
