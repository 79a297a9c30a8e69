// Products of weights in 4 bits (Q4_0, repacked eight rows at a time) with rows of activations in 8 bits, for
// processors with AVX-512 VNNI. They take the place of llama.cpp's own (see llama_build.cmake), whose
// multiplication wants a sign for each weight: that, and not the memory, bounds how fast tokens are decoded.
//
// Here weights stay without sign, as w + 8 from 0 to 15, which is what VNNI multiplies; what that is too much,
// 8 times the sum of a block's activations, is where each sum starts. Sums of whole numbers and the order of
// the others are those of llama.cpp: results are the same to the last bit (tests/models/test_q4_rows.py).

#include <cstddef>
#include <cstdint>
#include <cstring>

#define ARGUMENTS int n, float *s, size_t bs, const void *vx, const void *vy, int nr, int nc

extern "C" void scrubjay_their_gemv(ARGUMENTS);
extern "C" void scrubjay_their_gemm(ARGUMENTS);
extern "C" void ggml_gemv_q4_0_8x8_q8_0(ARGUMENTS);
extern "C" void ggml_gemm_q4_0_8x8_q8_0(ARGUMENTS);

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__) && defined(__F16C__)

#include <immintrin.h>

namespace {

using Half = uint16_t;  // a float of 16 bits

// The same 32 weights of eight rows of a matrix: 8 of the first row, 8 of the second, ...; a byte has the weight
// of one place in its low half, and that of 16 places further on in its high half, both with signs of 4 bits.
struct Weights {
    Half scale[8];
    uint8_t bytes[128];
};

// 32 activations of one row, and of four rows that take turns by eights.
struct Row {
    Half scale;
    int8_t values[32];
};

struct FourRows {
    Half scale[4];
    int8_t values[128];
};

static_assert(sizeof(Weights) == 144 && sizeof(Row) == 34 && sizeof(FourRows) == 136, "llama.cpp's blocks");

constexpr int MOST_BLOCKS = 1024;  // of 32 weights: a matrix may be 32,768 wide

__m512i low(__m512i bytes) {  // (bytes ^ 8) & 15: from -8..7 to 0..15
    return _mm512_ternarylogic_epi64(bytes, _mm512_set1_epi8(8), _mm512_set1_epi8(15), 0x28);
}

__m512i eight(const int8_t *values) {
    int64_t word;
    std::memcpy(&word, values, 8);
    return _mm512_set1_epi64(word);
}

struct Unpacked {
    __m512i quarter[4];  // of the 32 places; the eight rows side by side

    [[gnu::always_inline]] explicit Unpacked(const Weights &weights) {
        const __m512i first = _mm512_loadu_si512(weights.bytes), second = _mm512_loadu_si512(weights.bytes + 64);
        quarter[0] = low(first);
        quarter[1] = low(second);
        quarter[2] = low(_mm512_srli_epi16(first, 4));
        quarter[3] = low(_mm512_srli_epi16(second, 4));
    }

    // Two sums for each of the eight rows, of even and of odd fours of places.
    [[gnu::always_inline]] __m512i dot(int64_t start, const int8_t *values, int step) const {
        __m512i a = _mm512_dpbusd_epi32(_mm512_set1_epi64(start), quarter[0], eight(values));
        __m512i b = _mm512_dpbusd_epi32(_mm512_setzero_si512(), quarter[2], eight(values + 2 * step));
        a = _mm512_dpbusd_epi32(a, quarter[1], eight(values + step));
        b = _mm512_dpbusd_epi32(b, quarter[3], eight(values + 3 * step));
        return _mm512_add_epi32(a, b);
    }
};

[[gnu::always_inline]] inline __m256 scales(const Weights &weights) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(weights.scale)));
}

// What is known of rows before any weight: where the sums of a block start (a low half of -8 times the sum of
// its activations, a high half of 0), and its scale.
template <int rows>
struct Beginning {
    int64_t start[rows];
    float scale[rows];
};

__m512i start_of(__m512i sums) {  // each in two halves, side by side
    const __m512i both = _mm512_add_epi32(sums, _mm512_srli_epi64(sums, 32));
    const __m512i excess = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_slli_epi32(both, 3));
    return _mm512_and_si512(excess, _mm512_set1_epi64(0xffffffff));
}

Beginning<1> begin(const Row &row) {
    const __m256i values = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(row.values));
    const __m256i fours = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_set1_epi8(1), values);
    const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(fours), _mm256_extracti128_si256(fours, 1));
    const __m128i sums = _mm_add_epi32(half, _mm_unpackhi_epi64(half, half));
    return {{_mm_cvtsi128_si64(_mm512_castsi512_si128(start_of(_mm512_castsi128_si512(sums))))},
            {_cvtsh_ss(row.scale)}};
}

Beginning<4> begin(const FourRows &four) {
    const __m512i ones = _mm512_set1_epi8(1);
    __m512i fours = _mm512_dpbusd_epi32(_mm512_setzero_si512(), ones, _mm512_loadu_si512(four.values));
    fours = _mm512_dpbusd_epi32(fours, ones, _mm512_loadu_si512(four.values + 64));
    const __m256i sums = _mm256_add_epi32(_mm512_castsi512_si256(fours), _mm512_extracti64x4_epi64(fours, 1));
    Beginning<4> made;
    const __m256i start = _mm512_castsi512_si256(start_of(_mm512_castsi256_si512(sums)));
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(made.start), start);
    _mm_storeu_ps(made.scale, _mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i *>(four.scale))));
    return made;
}

// One row. Two blocks at a time of the same eight rows of the matrix: memory is read from front to back, which
// it does by itself as fast as it can.
void one_row(int blocks, float *s, const Weights *weights, const Row *row, const Beginning<1> *known, int nc) {
    const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    for (int x = 0; x < nc; x += 8, weights += blocks) {
        __m256 sum = _mm256_setzero_ps();
        const auto add = [&](int b, __m256 products) __attribute__((always_inline)) {
            const __m256 scale = _mm256_mul_ps(scales(weights[b]), _mm256_set1_ps(known[b].scale[0]));
            sum = _mm256_fmadd_ps(products, scale, sum);
        };
        for (int b = 0; b < blocks; b += 2) {
            const int next = b + 1 < blocks ? b + 1 : b;  // where there is none, it is read but not added
            const __m512i p = Unpacked(weights[b]).dot(known[b].start[0], row[b].values, 8);
            const __m512i q = Unpacked(weights[next]).dot(known[next].start[0], row[next].values, 8);
            const __m512 both = _mm512_cvtepi32_ps(
                _mm512_add_epi32(_mm512_permutex2var_epi32(p, even, q), _mm512_permutex2var_epi32(p, odd, q)));
            add(b, _mm512_castps512_ps256(both));
            if (next != b) {
                add(next, _mm512_extractf32x8_ps(both, 1));
            }
        }
        _mm256_storeu_ps(s + x, sum);
    }
}

// Four rows for each group, with sixteen rows of the matrix at a time (nc is a multiple of that), whose weights
// are unpacked once for all; those of the next sixteen are called from memory meanwhile.
template <int groups>
void four_rows(int blocks, float *s, size_t bs, const Weights *weights, const FourRows *fours,
               const Beginning<4> *known, int nc) {
    constexpr int rows = 4 * groups;
    // In each lane of four sums: two of the first eight rows of the matrix, and two of the second.
    const __m512i lanes = _mm512_set_epi32(15, 14, 7, 6, 13, 12, 5, 4, 11, 10, 3, 2, 9, 8, 1, 0);
    const __m512i back = _mm512_set_epi32(15, 14, 11, 10, 7, 6, 3, 2, 13, 12, 9, 8, 5, 4, 1, 0);
    for (int x = 0; x < nc; x += 16, weights += 2 * blocks) {
        const Weights *second = weights + blocks;
        __m512 sums[rows];
        for (auto &sum : sums) {
            sum = _mm512_setzero_ps();
        }
        for (int b = 0; b < blocks; b++) {
            for (int line = 0; line < 5; line++) {
                _mm_prefetch(reinterpret_cast<const char *>(weights + 2 * (blocks + b)) + 64 * line, _MM_HINT_T0);
            }
            const Unpacked one(weights[b]), other(second[b]);
            const __m512 both = _mm512_insertf32x8(_mm512_castps256_ps512(scales(weights[b])), scales(second[b]), 1);
            const __m512 scale = _mm512_permutexvar_ps(lanes, both);
#pragma GCC unroll 12
            for (int row = 0; row < rows; row++) {
                const int8_t *values = fours[row / 4 * blocks + b].values + row % 4 * 8;
                const int64_t start = known[row / 4 * blocks + b].start[row % 4];
                const __m512 p = _mm512_castsi512_ps(one.dot(start, values, 32));
                const __m512 q = _mm512_castsi512_ps(other.dot(start, values, 32));
                const __m512i products = _mm512_add_epi32(_mm512_castps_si512(_mm512_shuffle_ps(p, q, 0x88)),
                                                          _mm512_castps_si512(_mm512_shuffle_ps(p, q, 0xdd)));
                const __m512 scales = _mm512_mul_ps(scale, _mm512_set1_ps(known[row / 4 * blocks + b].scale[row % 4]));
                sums[row] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products), scales, sums[row]);
            }
        }
        for (int row = 0; row < rows; row++) {
            _mm512_storeu_ps(s + row * bs + x, _mm512_permutexvar_ps(back, sums[row]));
        }
    }
}

}  // namespace

// n: how wide the matrix is. nc: of how many of its rows the products are wanted, a multiple of 8. s: where the
// products with one row of activations go.
extern "C" void ggml_gemv_q4_0_8x8_q8_0(ARGUMENTS) {
    if (nr != 1 || n / 32 > MOST_BLOCKS) {
        return scrubjay_their_gemv(n, s, bs, vx, vy, nr, nc);
    }
    Beginning<1> known[MOST_BLOCKS];
    const auto *row = static_cast<const Row *>(vy);
    for (int b = 0; b < n / 32; b++) {
        known[b] = begin(row[b]);
    }
    one_row(n / 32, s, static_cast<const Weights *>(vx), row, known, nc);
}

// nr: rows of activations, a multiple of 4; what belongs to the next one goes `bs` floats after `s`.
extern "C" void ggml_gemm_q4_0_8x8_q8_0(ARGUMENTS) {
    const int blocks = n / 32, most = nc / 16 * 16;
    const auto *weights = static_cast<const Weights *>(vx);
    if (blocks > MOST_BLOCKS) {
        return scrubjay_their_gemm(n, s, bs, vx, vy, nr, nc);
    }
    if (most < nc) {
        scrubjay_their_gemm(n, s + most, bs, weights + most / 8 * blocks, vy, nr, nc - most);
    }
    Beginning<4> known[3 * MOST_BLOCKS];  // 144 KB of stack
    const auto *fours = static_cast<const FourRows *>(vy);
    for (int left = nr / 4, groups; left > 0; left -= groups) {
        groups = left < 3 ? left : 3;  // as many as there are registers for
        for (int b = 0; b < groups * blocks; b++) {
            known[b] = begin(fours[b]);
        }
        const auto multiply = groups == 1 ? four_rows<1> : groups == 2 ? four_rows<2> : four_rows<3>;
        multiply(blocks, s, bs, weights, fours, known, most);
        fours += groups * blocks;
        s += 4 * groups * bs;
    }
}

#else

extern "C" void ggml_gemv_q4_0_8x8_q8_0(ARGUMENTS) {
    scrubjay_their_gemv(n, s, bs, vx, vy, nr, nc);
}

extern "C" void ggml_gemm_q4_0_8x8_q8_0(ARGUMENTS) {
    scrubjay_their_gemm(n, s, bs, vx, vy, nr, nc);
}

#endif
