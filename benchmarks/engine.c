/* The engine's job in C, as plain and as fast as we can: how far a compiled language goes on the same ticks.

   Reads records of {char symbol[16]; double price; int64_t time_us} from a file, applies all of them and prints
   "<seconds> <spikes>". Per symbol: the mean of the last 64 prices, the extremes of the last second, spikes beyond 2 %.
   Prices are compared as doubles; nothing here is exact at the line, nor ready for late ticks. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { AVERAGE = 64 };
static const int64_t WIDTH_US = 1000000;

typedef struct { char symbol[16]; double price; int64_t time_us; } Tick;

typedef struct {
    char symbol[16];
    int used;
    double ring[AVERAGE], sum, current, min, max;
    int64_t count, late, newest_us;
    /* A queue of two stacks: extremes from each place on before `middle`, prices as they came behind it. */
    double *lows, *highs, back_low, back_high;
    int64_t *times;
    size_t head, middle, tail, room;
} State;

static State *table;
static size_t mask;

static uint64_t hash(const char *symbol) {
    uint64_t a, b;
    memcpy(&a, symbol, 8);
    memcpy(&b, symbol + 8, 8);
    a = (a ^ (b * 0x9E3779B97F4A7C15u)) * 0xBF58476D1CE4E5B9u;
    /* The upper bits are those that every character has had its share in. */
    return a >> 40;
}

static State *find(const char *symbol) {
    for (size_t at = hash(symbol) & mask;; at = (at + 1) & mask) {
        State *state = &table[at];
        if (!state->used) {
            memcpy(state->symbol, symbol, 16);
            state->used = 1;
            state->min = INFINITY;
            state->newest_us = INT64_MIN;
            state->back_low = INFINITY;
            state->back_high = -INFINITY;
            return state;
        }
        if (memcmp(state->symbol, symbol, 16) == 0) return state;
    }
}

static void make_room(State *s) {
    size_t live = s->tail - s->head;
    size_t room = 3 * live > 8 ? 3 * live : 8;
    double *lows = malloc(room * sizeof *lows), *highs = malloc(room * sizeof *highs);
    int64_t *times = malloc(room * sizeof *times);
    if (!lows || !highs || !times) exit(2);
    memcpy(lows, s->lows + s->head, live * sizeof *lows);
    memcpy(highs, s->highs + s->head, live * sizeof *highs);
    memcpy(times, s->times + s->head, live * sizeof *times);
    free(s->lows);
    free(s->highs);
    free(s->times);
    s->lows = lows;
    s->highs = highs;
    s->times = times;
    s->middle -= s->head;
    s->tail = live;
    s->head = 0;
    s->room = room;
}

static int apply(State *s, double price, int64_t time_us) {
    int64_t at = s->count++ % AVERAGE;
    s->sum += price - (s->count > AVERAGE ? s->ring[at] : 0);
    s->ring[at] = price;
    if (at == AVERAGE - 1) {
        /* Sum again on each round, so that no error lasts. */
        s->sum = 0;
        for (int i = 0; i < AVERAGE; i++) s->sum += s->ring[i];
    }
    if (price < s->min) s->min = price;
    if (price > s->max) s->max = price;
    if (time_us < s->newest_us) {
        s->late++;
        return 0;
    }
    s->newest_us = time_us;
    s->current = price;
    if (s->tail == s->room) make_room(s);
    s->lows[s->tail] = s->highs[s->tail] = price;
    s->times[s->tail++] = time_us;
    if (price < s->back_low) s->back_low = price;
    if (price > s->back_high) s->back_high = price;
    if (s->times[s->head] < time_us - WIDTH_US) {
        while (s->times[s->head] < time_us - WIDTH_US) s->head++;
        if (s->head >= s->middle) {
            double low = INFINITY, high = -INFINITY;
            for (size_t i = s->tail; i-- > s->head;) {
                s->lows[i] = low = s->lows[i] < low ? s->lows[i] : low;
                s->highs[i] = high = s->highs[i] > high ? s->highs[i] : high;
            }
            s->middle = s->tail;
            s->back_low = INFINITY;
            s->back_high = -INFINITY;
        }
    }
    double lowest = s->back_low, highest = s->back_high;
    if (s->head < s->middle) {
        if (s->lows[s->head] < lowest) lowest = s->lows[s->head];
        if (s->highs[s->head] > highest) highest = s->highs[s->head];
    }
    return (price > lowest * 1.02) + (price < highest * 0.98);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    FILE *file = fopen(argv[1], "rb");
    size_t count = strtoull(argv[2], NULL, 10), symbols = 1;
    Tick *ticks = malloc(count * sizeof *ticks);
    if (!file || !ticks || fread(ticks, sizeof *ticks, count, file) != count) return 2;
    while (symbols < 2 * 1024) symbols *= 2;
    mask = symbols - 1;
    table = calloc(symbols, sizeof *table);
    if (!table) return 2;
    struct timespec start, end;
    long spikes = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (size_t i = 0; i < count; i++) spikes += apply(find(ticks[i].symbol), ticks[i].price, ticks[i].time_us);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.9f %ld\n", (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec), spikes);
    return 0;
}
