/* The search of checker/compiled in C, as the measure of what is possible: the same table, batches and prefetches.
 * The generated part defines WORDS, STEPS, INITIAL_COUNT, INITIAL, successors() and violations(). */
#ifdef __AVX2__
#include <immintrin.h>
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

typedef uint32_t u32;
typedef uint64_t u64;
enum { BATCH = 256, LINE = 16, RECENT = 1 << 13, SMALL_PAGES = 128 << 20 };

#include "model.h"

static u64 *states, slots, count;
static u32 *table, numbers;
static int shift;
static u64 after[(BATCH + STEPS) * WORDS], hashes[BATCH + STEPS], places[BATCH + STEPS], recent[RECENT * WORDS];

static void *reserve(size_t bytes, size_t small) {
    char *p = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) abort();
    if (bytes - small >= 4 << 20) madvise(p + small, bytes - small, MADV_HUGEPAGE);
    return p;
}

static void make_table(u64 size) {
    slots = size;
    shift = 64 - __builtin_ctzll(slots);
    numbers = slots - 1;
    table = reserve(4 * slots, 0);
}

static inline u64 folded(u64 a, u64 b) {
    unsigned __int128 wide = (unsigned __int128)a * b;
    return (u64)wide ^ (u64)(wide >> 64);
}

static inline u64 hash(const u64 *s) {
    static const u64 salts[] = {0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB};
    u64 h = folded(s[0] ^ salts[0], WORDS > 1 ? s[1 % WORDS] ^ salts[1] : salts[1]);
    for (int w = 2; w < WORDS; w++) h = folded(h ^ s[w] ^ salts[w % 3], salts[0]);
    return h;
}

static inline u64 home(u64 h) { return h >> shift & -(u64)LINE; }
static inline int same(const u64 *a, const u64 *b) {
    u64 d = 0;
    for (int w = 0; w < WORDS; w++) d |= a[w] ^ b[w];
    return !d;
}

/* Of the slots from i to the end of its line: one bit for each that is empty or has the tag. */
static inline u32 candidates(u64 i, u32 tag) {
#ifdef __AVX2__
    u32 found = 0;
    for (int k = 0; k < LINE; k += 8) {
        __m256i line = _mm256_load_si256((const __m256i *)(table + i + k)), tags = _mm256_set1_epi32(~numbers);
        __m256i tagged = _mm256_cmpeq_epi32(_mm256_and_si256(line, tags), _mm256_set1_epi32(tag));
        __m256i either = _mm256_or_si256(tagged, _mm256_cmpeq_epi32(line, _mm256_setzero_si256()));
        found |= (u32)_mm256_movemask_ps(_mm256_castsi256_ps(either)) << k;
    }
    return found;
#else
    for (int k = 0; k < LINE; k++)
        if (!table[i + k] || (table[i + k] & ~numbers) == tag) return 1u << k;
    return 0;
#endif
}

static inline u64 peek(u64 h) {
    u64 i = home(h);
    u32 found;
    while (!(found = candidates(i, h & ~numbers))) i = (i + LINE) & (slots - 1);
    i += __builtin_ctz(found);
    __builtin_prefetch(states + ((u64)(table[i] & numbers) - 1) * WORDS);
    return i;
}

static inline int insert(const u64 *s, u64 h, u64 i) {
    for (u32 tag = h & ~numbers;; i = (i + 1) & (slots - 1)) {
        u32 e = table[i];
        if (!e) {
            memcpy(states + count * WORDS, s, 8 * WORDS);
            table[i] = tag | (u32)++count;
            return 1;
        }
        if ((e & ~numbers) == tag && same(states + ((u64)(e & numbers) - 1) * WORDS, s)) return 0;
    }
}

static void grow(void) {
    munmap(table, 4 * slots);
    make_table(slots * (slots < 1 << 20 ? 16 : slots < 1 << 23 ? 8 : 2));
    for (u64 first = 0; first < count; first += BATCH) {
        u64 n = count - first < BATCH ? count - first : BATCH;
        for (u64 k = 0; k < n; k++) {
            hashes[k] = hash(states + (first + k) * WORDS);
            __builtin_prefetch(table + home(hashes[k]), 1);
        }
        for (u64 k = 0; k < n; k++) {
            u64 i = home(hashes[k]);
            while (table[i]) i = (i + 1) & (slots - 1);
            table[i] = (hashes[k] & ~numbers) | (u32)(first + k + 1);
        }
    }
}

int main(void) {
    struct timespec begin, end;
    u64 transitions = 0, levels = 0, violated = 0;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    states = reserve((size_t)1 << 36, SMALL_PAGES);
    make_table(1 << 16);
    for (u64 k = 0; k < INITIAL_COUNT; k++) insert(INITIAL[k], hash(INITIAL[k]), home(hash(INITIAL[k])));
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
            for (u64 k = 0; k < n; k++) places[k] = peek(hashes[k]);
            for (u64 k = 0; k < n; k++) insert(after + k * WORDS, hashes[k], places[k]);
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
