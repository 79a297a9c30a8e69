// Attention of packed segments on a CPU, forward and backward, for one thread.
//
// Each segment is a run of tokens that attends to: the system token of its row, the tool segments it sees, and
// itself causally. Its keys are gathered once into a dense panel, so that what a mask would hide costs nothing.
// bf16 in and out, products and sums in float. Compiled and called by attention.py.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

constexpr int kWidth = 64;    // of a head
constexpr int kColumns = 64;  // of a block of products: four vectors of 16
constexpr int kQueries = 48;  // at once: what is kept of their weights stays in the second cache

using Vector = float __attribute__((vector_size(64), aligned(4), may_alias));

float widen(uint16_t x) {
    uint32_t bits = uint32_t(x) << 16;
    float y;
    std::memcpy(&y, &bits, 4);
    return y;
}

uint16_t narrow(float x) {  // to nearest, ties to even
    uint32_t bits;
    std::memcpy(&bits, &x, 4);
    return uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// Cephes' polynomial for exp on [-ln2/2, ln2/2]; what is under -87 becomes about 1e-38.
float exponential(float x) {
    constexpr float kMagic = 12582912.0f;  // adding it rounds to an integer in the low bits
    x = x < -87.0f ? -87.0f : x;
    float shifted = x * 1.44269504f + kMagic;
    int32_t bits;
    std::memcpy(&bits, &shifted, 4);
    float n = shifted - kMagic;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t scale = (bits + 127) << 23;
    float power;
    std::memcpy(&power, &scale, 4);
    return p * power;
}

// C[R][64] (+)= A[R][k] * B[k][64]; element (i, j) of A is at i * row + j * column.
template <int R>
void block(int k, const float* a, int row, int column, const float* b, int ldb, float* c, int ldc, bool add) {
    Vector sum[R][4];
    for (int i = 0; i < R; i++)
        for (int v = 0; v < 4; v++)
            sum[i][v] = add ? *reinterpret_cast<const Vector*>(c + i * ldc + 16 * v) : Vector{};
    for (int j = 0; j < k; j++) {
        const Vector* panel = reinterpret_cast<const Vector*>(b + size_t(j) * ldb);
        const float* factor = a + size_t(j) * column;
        for (int i = 0; i < R; i++)
            for (int v = 0; v < 4; v++) sum[i][v] += panel[v] * factor[size_t(i) * row];
    }
    for (int i = 0; i < R; i++)
        for (int v = 0; v < 4; v++) *reinterpret_cast<Vector*>(c + i * ldc + 16 * v) = sum[i][v];
}

// C[m][n] (+)= A[m][k] * B[k][n], n a multiple of 64.
void multiply(int m, int n, int k, const float* a, int row, int column, const float* b, int ldb, float* c, int ldc,
              bool add) {
    for (int j = 0; j < n; j += kColumns) {
        int i = 0;
        for (; i + 6 <= m; i += 6)
            block<6>(k, a + size_t(i) * row, row, column, b + j, ldb, c + size_t(i) * ldc + j, ldc, add);
        for (; i < m; i++)
            block<1>(k, a + size_t(i) * row, row, column, b + j, ldb, c + size_t(i) * ldc + j, ldc, add);
    }
}

struct Segment {  // a row of the table that packing.py makes
    int32_t start, length, system, group, number, sees;
};

// Flat token numbers that each segment attends to: system token, tools, then the segment itself.
struct Keys {
    std::vector<int32_t> tokens;
    int shared = 0, padded = 0;

    int fixed = 0;  // of the shared ones, which lie beyond the queries: nothing is learnt there

    void gather(const Segment* all, int tools, const Segment& own, int queries) {
        tokens.assign(1, own.system);
        for (int t = 0; t < tools; t++)
            if (own.sees && all[t].group == own.group && (uint32_t(own.sees) >> all[t].number & 1))
                for (int i = 0; i < all[t].length; i++) tokens.push_back(all[t].start + i);
        shared = int(tokens.size());
        fixed = std::all_of(tokens.begin(), tokens.end(), [&](int32_t t) { return t >= queries; }) ? shared : 0;
        for (int i = 0; i < own.length; i++) tokens.push_back(own.start + i);
        padded = (int(tokens.size()) + kColumns - 1) / kColumns * kColumns;
    }
};

struct Panels {
    std::vector<float> rows, columns;  // [padded][64] and [64][padded]

    void gather(const Keys& keys, const uint16_t* x, int heads, int head, bool want_rows, bool want_columns) {
        if (want_rows) rows.assign(size_t(keys.padded) * kWidth, 0.0f);
        if (want_columns) columns.assign(size_t(keys.padded) * kWidth, 0.0f);
        for (size_t i = 0; i < keys.tokens.size(); i++) {
            const uint16_t* from = x + (size_t(keys.tokens[i]) * heads + head) * kWidth;
            if (want_rows)
                for (int d = 0; d < kWidth; d++) rows[i * kWidth + d] = widen(from[d]);
            if (want_columns)
                for (int d = 0; d < kWidth; d++) columns[size_t(d) * keys.padded + i] = widen(from[d]);
        }
    }
};

void widen_rows(const uint16_t* x, int first, int count, int heads, int head, float factor, float* out) {
    for (int i = 0; i < count; i++) {
        const uint16_t* from = x + (size_t(first + i) * heads + head) * kWidth;
        for (int d = 0; d < kWidth; d++) out[i * kWidth + d] = factor * widen(from[d]);
    }
}

int blocks_of(int keys) { return (keys + kColumns - 1) / kColumns * kColumns; }

}  // namespace

// q, k, v, out: [tokens][heads][64] bf16; normaliser: [tokens][heads], log of each softmax's sum;
// table: [count] segments, tools first, of which there are `tools`. `out` starts as zeros. k and v may hold more
// tokens than the `queries` of q: segments there are seen by others, and are not computed themselves.
extern "C" void segment_attention_forward(const uint16_t* q, const uint16_t* k, const uint16_t* v, uint16_t* out,
                                          float* normaliser, const Segment* table, int tools, int count, int queries,
                                          int heads, float scale) {
    Keys keys;
    Panels key_panels, value_panels;
    std::vector<float> weights;
    float query[kQueries * kWidth], result[kQueries * kWidth];
    for (int s = 0; s < count; s++) {
        const Segment& own = table[s];
        if (own.length == 0 || own.start >= queries) continue;
        keys.gather(table, tools, own, queries);
        weights.resize(size_t(kQueries) * keys.padded);
        for (int h = 0; h < heads; h++) {
            key_panels.gather(keys, k, heads, h, false, true);
            value_panels.gather(keys, v, heads, h, true, false);
            for (int first = 0; first < own.length; first += kQueries) {
                int rows = std::min(kQueries, own.length - first);
                int width = blocks_of(keys.shared + first + rows);
                widen_rows(q, own.start + first, rows, heads, h, scale, query);
                multiply(rows, width, kWidth, query, kWidth, 1, key_panels.columns.data(), keys.padded,
                         weights.data(), width, false);
                for (int i = 0; i < rows; i++) {
                    float* row = weights.data() + size_t(i) * width;
                    int seen = keys.shared + first + i + 1;
                    float most = row[0], sum = 0.0f;
#pragma omp simd reduction(max : most)
                    for (int j = 0; j < seen; j++) most = row[j] > most ? row[j] : most;
#pragma omp simd reduction(+ : sum)
                    for (int j = 0; j < seen; j++) {
                        row[j] = exponential(row[j] - most);
                        sum += row[j];
                    }
                    float inverse = 1.0f / sum;
                    for (int j = 0; j < seen; j++) row[j] *= inverse;
                    for (int j = seen; j < width; j++) row[j] = 0.0f;
                    normaliser[size_t(own.start + first + i) * heads + h] = most + __builtin_logf(sum);
                }
                multiply(rows, kWidth, width, weights.data(), width, 1, value_panels.rows.data(), kWidth, result,
                         kWidth, false);
                for (int i = 0; i < rows; i++) {
                    uint16_t* to = out + (size_t(own.start + first + i) * heads + h) * kWidth;
                    for (int d = 0; d < kWidth; d++) to[d] = narrow(result[i * kWidth + d]);
                }
            }
        }
    }
}

// Gradients of the above: dq, dk, dv are [tokens][heads][64] float and start as zeros. Keys and values beyond the
// queries get none where all that a segment shares lies there.
extern "C" void segment_attention_backward(const uint16_t* q, const uint16_t* k, const uint16_t* v,
                                           const uint16_t* out, const float* normaliser, const uint16_t* dout,
                                           float* dq, float* dk, float* dv, const Segment* table, int tools,
                                           int count, int queries, int heads, float scale) {
    Keys keys;
    Panels key_panels, value_panels;
    std::vector<float> weights, slopes, key_slopes, value_slopes;
    float query[kQueries * kWidth], outputs[kQueries * kWidth], pull[kQueries * kWidth];
    for (int s = 0; s < count; s++) {
        const Segment& own = table[s];
        if (own.length == 0 || own.start >= queries) continue;
        keys.gather(table, tools, own, queries);
        weights.resize(size_t(kQueries) * keys.padded);
        slopes.resize(size_t(kQueries) * keys.padded);
        for (int h = 0; h < heads; h++) {
            key_panels.gather(keys, k, heads, h, true, true);
            value_panels.gather(keys, v, heads, h, false, true);
            key_slopes.assign(size_t(keys.padded) * kWidth, 0.0f);
            value_slopes.assign(size_t(keys.padded) * kWidth, 0.0f);
            for (int first = 0; first < own.length; first += kQueries) {
                int rows = std::min(kQueries, own.length - first);
                int width = blocks_of(keys.shared + first + rows);
                widen_rows(q, own.start + first, rows, heads, h, scale, query);
                widen_rows(out, own.start + first, rows, heads, h, 1.0f, outputs);
                widen_rows(dout, own.start + first, rows, heads, h, 1.0f, pull);
                multiply(rows, width, kWidth, query, kWidth, 1, key_panels.columns.data(), keys.padded,
                         weights.data(), width, false);
                multiply(rows, width, kWidth, pull, kWidth, 1, value_panels.columns.data(), keys.padded,
                         slopes.data(), width, false);
                for (int i = 0; i < rows; i++) {
                    float* weight = weights.data() + size_t(i) * width;
                    float* slope = slopes.data() + size_t(i) * width;
                    int seen = keys.shared + first + i + 1;
                    float most = normaliser[size_t(own.start + first + i) * heads + h], mean = 0.0f;
                    for (int d = 0; d < kWidth; d++) mean += outputs[i * kWidth + d] * pull[i * kWidth + d];
#pragma omp simd
                    for (int j = 0; j < seen; j++) {
                        weight[j] = exponential(weight[j] - most);
                        slope[j] = weight[j] * (slope[j] - mean);
                    }
                    for (int j = seen; j < width; j++) weight[j] = slope[j] = 0.0f;
                }
                int learnt = width - keys.fixed;
                size_t skipped = size_t(keys.fixed) * kWidth;
                multiply(learnt, kWidth, rows, weights.data() + keys.fixed, 1, width, pull, kWidth,
                         value_slopes.data() + skipped, kWidth, true);
                multiply(learnt, kWidth, rows, slopes.data() + keys.fixed, 1, width, query, kWidth,
                         key_slopes.data() + skipped, kWidth, true);
                multiply(rows, kWidth, width, slopes.data(), width, 1, key_panels.rows.data(), kWidth, outputs,
                         kWidth, false);
                for (int i = 0; i < rows; i++) {
                    float* to = dq + (size_t(own.start + first + i) * heads + h) * kWidth;
                    for (int d = 0; d < kWidth; d++) to[d] = scale * outputs[i * kWidth + d];
                }
            }
            for (size_t i = keys.fixed; i < keys.tokens.size(); i++) {
                size_t to = (size_t(keys.tokens[i]) * heads + h) * kWidth;
                for (int d = 0; d < kWidth; d++) {
                    dk[to + d] += key_slopes[i * kWidth + d];
                    dv[to + d] += value_slopes[i * kWidth + d];
                }
            }
        }
    }
}
