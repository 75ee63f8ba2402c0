/* What one thread can reach: distances of 64-bit codes and their histograms, by label. */
#include <stdint.h>
#include <string.h>

void count(const uint64_t *queries, const int32_t *query_labels, int64_t num_queries,
           const uint64_t *rows, const int32_t *labels, int64_t num_rows, int64_t bits,
           int64_t *counts)
{
    int64_t size = 2 * (bits + 1);
    int32_t part[4][130]; /* four in turn: a bin is rarely written twice in a row */
    for (int64_t i = 0; i < num_queries; i++) {
        uint64_t query = queries[i];
        int32_t label = query_labels[i];
        memset(part, 0, sizeof part);
        int64_t j = 0;
        for (; j + 3 < num_rows; j += 4)
            for (int lane = 0; lane < 4; lane++)
                part[lane][2 * __builtin_popcountll(query ^ rows[j + lane])
                           + (labels[j + lane] == label)]++;
        for (; j < num_rows; j++)
            part[0][2 * __builtin_popcountll(query ^ rows[j]) + (labels[j] == label)]++;
        for (int64_t bin = 0; bin < size; bin++)
            counts[i * size + bin] = (int64_t)part[0][bin] + part[1][bin] + part[2][bin]
                                     + part[3][bin];
    }
}
