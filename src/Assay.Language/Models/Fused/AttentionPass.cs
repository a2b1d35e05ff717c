using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Assay.Language;

/// <summary>The shapes of a causal grouped-query attention over whole sequences.</summary>
internal readonly record struct AttentionShape(int Batch, int Length, int Heads, int KeyValueHeads, int HeadWidth)
{
    /// <summary>The numbers of one row of q, k and v together.</summary>
    public int RowWidth => (Heads + 2 * KeyValueHeads) * HeadWidth;

    /// <summary>The head width rounded up to whole vectors.</summary>
    public int Padded => (HeadWidth + 15) / 16 * 16;

    /// <summary>The length rounded up to whole vectors.</summary>
    public int PaddedLength => (Length + 15) / 16 * 16;
}

/// <summary>
/// Causal attention with rotary positions, forward and backward. One key-value head of one sequence at a time lies in the cache of a core;
/// eight queries share every load of a key or value, and no (T, T) matrix is ever written to memory. Head widths are multiples of 8.
/// </summary>
internal static unsafe class AttentionPass
{
    /// <summary>y = softmax(q·kᵀ/√d_h)·v of every head.</summary>
    /// <param name="qkv">Rows of q (h·d_h), k and v (n_kv·d_h each) before rotation, (B·T, RowWidth) of the storage type.</param>
    /// <param name="cos">(T, d_h).</param>
    /// <param name="sin">(T, d_h).</param>
    /// <param name="y">(B·T, h·d_h) of the storage type.</param>
    /// <param name="logSums">log Σ exp of each query's scores, (B, h, T).</param>
    /// <param name="shape">The shapes.</param>
    public static void Forward<T>(void* qkv, float* cos, float* sin, void* y, float* logSums, AttentionShape shape)
        where T : struct, ILanes
    {
        var units = shape.Batch * shape.KeyValueHeads;
        Lanes.Ranges(units, units, (unit, _, _) =>
        {
            using var room = new Room(shape, backward: false);
            fixed (float* start = room.Buffer)
            {
                var s = new Layout(start, shape, backward: false);
                LoadKeysAndValues<T>(qkv, cos, sin, s, shape, unit, transposeValues: false);
                for (var h = 0; h < shape.Heads / shape.KeyValueHeads; h++)
                    ForwardHead<T>(qkv, cos, sin, y, logSums, s, shape, unit, h);
            }
        });
    }

    /// <summary>The gradient with respect to q, k and v before rotation.</summary>
    /// <param name="qkv">As in the forward pass.</param>
    /// <param name="cos">(T, d_h).</param>
    /// <param name="sin">(T, d_h).</param>
    /// <param name="y">The forward pass's result.</param>
    /// <param name="logSums">The forward pass's sums.</param>
    /// <param name="upstream">∂L/∂y, (B·T, h·d_h) of the storage type.</param>
    /// <param name="result">(B·T, RowWidth) of the storage type.</param>
    /// <param name="shape">The shapes.</param>
    public static void Backward<T>(void* qkv, float* cos, float* sin, void* y, float* logSums, void* upstream, void* result, AttentionShape shape)
        where T : struct, ILanes
    {
        var units = shape.Batch * shape.KeyValueHeads;
        Lanes.Ranges(units, units, (unit, _, _) =>
        {
            using var room = new Room(shape, backward: true);
            fixed (float* start = room.Buffer)
            {
                var s = new Layout(start, shape, backward: true);
                LoadKeysAndValues<T>(qkv, cos, sin, s, shape, unit, transposeValues: true);
                new Span<float>(s.KeyGradient, shape.PaddedLength * shape.Padded).Clear();
                new Span<float>(s.ValueGradient, shape.PaddedLength * shape.Padded).Clear();
                for (var h = 0; h < shape.Heads / shape.KeyValueHeads; h++)
                    BackwardHead<T>(qkv, cos, sin, y, logSums, upstream, result, s, shape, unit, h);
                var (sequence, group) = (unit / shape.KeyValueHeads, unit % shape.KeyValueHeads);
                for (var t = 0; t < shape.Length; t++)
                {
                    var row = ((nint)sequence * shape.Length + t) * shape.RowWidth + (nint)(shape.Heads + group) * shape.HeadWidth;
                    Rotate(s.KeyGradient + t * shape.Padded, cos + t * shape.HeadWidth, sin + t * shape.HeadWidth, shape.HeadWidth, backward: true);
                    StoreRow<T>(result, row, s.KeyGradient + t * shape.Padded, shape.HeadWidth);
                    StoreRow<T>(result, row + (nint)shape.KeyValueHeads * shape.HeadWidth, s.ValueGradient + t * shape.Padded, shape.HeadWidth);
                }
            }
        });
    }

    private static void ForwardHead<T>(void* qkv, float* cos, float* sin, void* y, float* logSums, in Layout s, in AttentionShape shape, int unit, int h)
        where T : struct, ILanes
    {
        var (sequence, group) = (unit / shape.KeyValueHeads, unit % shape.KeyValueHeads);
        var head = group * (shape.Heads / shape.KeyValueHeads) + h;
        LoadQueries<T>(qkv, cos, sin, s, shape, sequence, head);
        var sums = logSums + ((nint)sequence * shape.Heads + head) * shape.Length;
        var inverse = stackalloc float[8];
        for (var first = 0; first < shape.Length; first += 8)
        {
            var keys = Math.Min(first + 8, shape.Length);
            Products(s.Queries + first * shape.Padded, s.KeysTransposed, s.Scores, keys, shape);
            for (var r = 0; r < 8; r++)
            {
                var (max, sum) = Softmax(s.Scores + r * shape.PaddedLength, Math.Min(first + r + 1, keys), (keys + 15) / 16 * 16);
                inverse[r] = 1 / sum;
                if (first + r < shape.Length)
                    sums[first + r] = max + MathF.Log(sum);
            }
            for (var c = 0; c < shape.Padded; c += 16)
            {
                WeightedSum(s.Scores, s.Values + c, s.Block, keys, shape);
                for (var r = 0; r < 8 && first + r < shape.Length; r++)
                {
                    var value = Vector512.Load(s.Block + 16 * r) * inverse[r];
                    var to = ((nint)sequence * shape.Length + first + r) * shape.Heads * shape.HeadWidth + (nint)head * shape.HeadWidth + c;
                    if (c + 16 <= shape.HeadWidth)
                        T.Store(y, to, value);
                    else
                        T.Store8(y, to, value.GetLower());
                }
            }
        }
    }

    private static void BackwardHead<T>(
        void* qkv, float* cos, float* sin, void* y, float* logSums, void* upstream, void* result, in Layout s, in AttentionShape shape, int unit, int h)
        where T : struct, ILanes
    {
        var (sequence, group) = (unit / shape.KeyValueHeads, unit % shape.KeyValueHeads);
        var head = group * (shape.Heads / shape.KeyValueHeads) + h;
        LoadQueries<T>(qkv, cos, sin, s, shape, sequence, head);
        var sums = logSums + ((nint)sequence * shape.Heads + head) * shape.Length;
        var scale = 1 / MathF.Sqrt(shape.HeadWidth);
        var wide = shape.Padded;
        // E holds ∂L/∂y; D_i = E_i·y_i.
        for (var t = 0; t < shape.Length; t++)
        {
            var row = ((nint)sequence * shape.Length + t) * shape.Heads * shape.HeadWidth + (nint)head * shape.HeadWidth;
            LoadRow<T>(upstream, row, s.Upstream + t * wide, shape.HeadWidth);
            var dot = Vector256<float>.Zero;
            for (var c = 0; c < shape.HeadWidth; c += 8)
                dot += T.Load8(upstream, row + c) * T.Load8(y, row + c);
            s.Dots[t] = Vector256.Sum(dot);
        }
        new Span<float>(s.Upstream + shape.Length * wide, (shape.PaddedLength - shape.Length) * wide).Clear();
        for (var first = 0; first < shape.Length; first += 8)
        {
            var keys = Math.Min(first + 8, shape.Length);
            Products(s.Queries + first * wide, s.KeysTransposed, s.Scores, keys, shape);
            Products(s.Upstream + first * wide, s.ValuesTransposed, s.Slopes, keys, shape);
            var end = (keys + 15) / 16 * 16;
            for (var r = 0; r < 8; r++)
            {
                float* p = s.Scores + r * shape.PaddedLength, g = s.Slopes + r * shape.PaddedLength;
                var valid = first + r < shape.Length ? first + r + 1 : 0;
                var logSum = Vector512.Create(valid > 0 ? sums[first + r] : 0);
                var d = Vector512.Create(valid > 0 ? s.Dots[first + r] : 0);
                for (var j = 0; j < (valid + 15) / 16 * 16; j += 16)
                {
                    var probability = Lanes.Exp(Vector512.Load(p + j) - logSum);
                    probability.Store(p + j);
                    (probability * (Vector512.Load(g + j) - d)).Store(g + j);
                }
                for (var j = valid; j < end; j++)
                    (p[j], g[j]) = (0, 0);
            }
            for (var c = 0; c < wide; c += 16)
            {
                WeightedSum(s.Slopes, s.Keys + c, s.Block, keys, shape);
                for (var r = 0; r < 8; r++)
                    (Vector512.Load(s.Block + 16 * r) * scale).Store(s.QueryGradient + r * wide + c);
                Outer(s.Slopes, s.Queries + first * wide + c, s.KeyGradient + c, keys, shape);
                Outer(s.Scores, s.Upstream + first * wide + c, s.ValueGradient + c, keys, shape);
            }
            for (var r = 0; r < 8 && first + r < shape.Length; r++)
            {
                var t = first + r;
                Rotate(s.QueryGradient + r * wide, cos + t * shape.HeadWidth, sin + t * shape.HeadWidth, shape.HeadWidth, backward: true);
                StoreRow<T>(result, ((nint)sequence * shape.Length + t) * shape.RowWidth + (nint)head * shape.HeadWidth, s.QueryGradient + r * wide, shape.HeadWidth);
            }
        }
    }

    // scores[r, j] = a_r · b_j for eight rows, b transposed.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products(float* a, float* transposed, float* scores, int keys, in AttentionShape shape)
    {
        int stride = shape.PaddedLength, wide = shape.Padded, width = shape.HeadWidth;
        for (var j = 0; j < keys; j += 16)
        {
            Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
            var b = transposed + j;
            var q = a;
            for (var c = 0; c < width; c++, b += stride, q++)
            {
                var k = Vector512.Load(b);
                s0 = Vector512.FusedMultiplyAdd(Vector512.Create(q[0]), k, s0);
                s1 = Vector512.FusedMultiplyAdd(Vector512.Create(q[wide]), k, s1);
                s2 = Vector512.FusedMultiplyAdd(Vector512.Create(q[2 * wide]), k, s2);
                s3 = Vector512.FusedMultiplyAdd(Vector512.Create(q[3 * wide]), k, s3);
                s4 = Vector512.FusedMultiplyAdd(Vector512.Create(q[4 * wide]), k, s4);
                s5 = Vector512.FusedMultiplyAdd(Vector512.Create(q[5 * wide]), k, s5);
                s6 = Vector512.FusedMultiplyAdd(Vector512.Create(q[6 * wide]), k, s6);
                s7 = Vector512.FusedMultiplyAdd(Vector512.Create(q[7 * wide]), k, s7);
            }
            var to = scores + j;
            s0.Store(to);
            s1.Store(to + stride);
            s2.Store(to + 2 * stride);
            s3.Store(to + 3 * stride);
            s4.Store(to + 4 * stride);
            s5.Store(to + 5 * stride);
            s6.Store(to + 6 * stride);
            s7.Store(to + 7 * stride);
        }
    }

    // block[r] = Σ_j weights[r, j] · rows_j, sixteen columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WeightedSum(float* weights, float* rows, float* block, int keys, in AttentionShape shape)
    {
        int stride = shape.PaddedLength, wide = shape.Padded;
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        for (var j = 0; j < keys; j++, rows += wide, weights++)
        {
            var v = Vector512.Load(rows);
            s0 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[0]), v, s0);
            s1 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[stride]), v, s1);
            s2 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[2 * stride]), v, s2);
            s3 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[3 * stride]), v, s3);
            s4 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[4 * stride]), v, s4);
            s5 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[5 * stride]), v, s5);
            s6 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[6 * stride]), v, s6);
            s7 = Vector512.FusedMultiplyAdd(Vector512.Create(weights[7 * stride]), v, s7);
        }
        s0.Store(block);
        s1.Store(block + 16);
        s2.Store(block + 32);
        s3.Store(block + 48);
        s4.Store(block + 64);
        s5.Store(block + 80);
        s6.Store(block + 96);
        s7.Store(block + 112);
    }

    // sums_j += Σ_r weights[r, j] · a_r, sixteen columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Outer(float* weights, float* a, float* sums, int keys, in AttentionShape shape)
    {
        int stride = shape.PaddedLength, wide = shape.Padded;
        Vector512<float> a0 = Vector512.Load(a), a1 = Vector512.Load(a + wide), a2 = Vector512.Load(a + 2 * wide), a3 = Vector512.Load(a + 3 * wide);
        Vector512<float> a4 = Vector512.Load(a + 4 * wide), a5 = Vector512.Load(a + 5 * wide), a6 = Vector512.Load(a + 6 * wide), a7 = Vector512.Load(a + 7 * wide);
        for (var j = 0; j < keys; j++, sums += wide, weights++)
        {
            var left = Vector512.FusedMultiplyAdd(Vector512.Create(weights[0]), a0, Vector512.Load(sums));
            var right = Vector512.Create(weights[4 * stride]) * a4;
            left = Vector512.FusedMultiplyAdd(Vector512.Create(weights[stride]), a1, left);
            right = Vector512.FusedMultiplyAdd(Vector512.Create(weights[5 * stride]), a5, right);
            left = Vector512.FusedMultiplyAdd(Vector512.Create(weights[2 * stride]), a2, left);
            right = Vector512.FusedMultiplyAdd(Vector512.Create(weights[6 * stride]), a6, right);
            left = Vector512.FusedMultiplyAdd(Vector512.Create(weights[3 * stride]), a3, left);
            right = Vector512.FusedMultiplyAdd(Vector512.Create(weights[7 * stride]), a7, right);
            (left + right).Store(sums);
        }
    }

    // exp(score − max) over the valid keys, zero after them up to the end of the block.
    private static (float Max, float Sum) Softmax(float* scores, int valid, int end)
    {
        for (var j = valid; j < end; j++)
            scores[j] = float.NegativeInfinity;
        var max = Vector512.Create(float.NegativeInfinity);
        for (var j = 0; j < end; j += 16)
            max = Vector512.Max(max, Vector512.Load(scores + j));
        var most = max[0];
        for (var i = 1; i < 16; i++)
            most = Math.Max(most, max[i]);
        var (shift, sum) = (Vector512.Create(most), Vector512<float>.Zero);
        for (var j = 0; j < end; j += 16)
        {
            var value = Lanes.Exp(Vector512.Load(scores + j) - shift);
            value.Store(scores + j);
            sum += value;
        }
        return (most, Vector512.Sum(sum));
    }

    private static void LoadKeysAndValues<T>(void* qkv, float* cos, float* sin, in Layout s, in AttentionShape shape, int unit, bool transposeValues)
        where T : struct, ILanes
    {
        var (sequence, group) = (unit / shape.KeyValueHeads, unit % shape.KeyValueHeads);
        int width = shape.HeadWidth, wide = shape.Padded, stride = shape.PaddedLength;
        new Span<float>(s.KeysTransposed, wide * stride).Clear();
        for (var t = 0; t < shape.Length; t++)
        {
            var row = ((nint)sequence * shape.Length + t) * shape.RowWidth + (nint)(shape.Heads + group) * width;
            var key = s.Keys + t * wide;
            LoadRow<T>(qkv, row, key, width);
            Rotate(key, cos + t * width, sin + t * width, width, backward: false);
            LoadRow<T>(qkv, row + (nint)shape.KeyValueHeads * width, s.Values + t * wide, width);
            for (var c = 0; c < width; c++)
                s.KeysTransposed[c * stride + t] = key[c];
        }
        if (!transposeValues)
            return;
        new Span<float>(s.ValuesTransposed, wide * stride).Clear();
        for (var t = 0; t < shape.Length; t++)
        {
            for (var c = 0; c < width; c++)
                s.ValuesTransposed[c * stride + t] = s.Values[t * wide + c];
        }
    }

    // Rotated and divided by √d_h.
    private static void LoadQueries<T>(void* qkv, float* cos, float* sin, in Layout s, in AttentionShape shape, int sequence, int head)
        where T : struct, ILanes
    {
        var scale = 1 / MathF.Sqrt(shape.HeadWidth);
        for (var t = 0; t < shape.Length; t++)
        {
            var query = s.Queries + t * shape.Padded;
            LoadRow<T>(qkv, ((nint)sequence * shape.Length + t) * shape.RowWidth + (nint)head * shape.HeadWidth, query, shape.HeadWidth);
            Rotate(query, cos + t * shape.HeadWidth, sin + t * shape.HeadWidth, shape.HeadWidth, backward: false);
            for (var c = 0; c < shape.Padded; c += 16)
                (Vector512.Load(query + c) * scale).Store(query + c);
        }
        new Span<float>(s.Queries + shape.Length * shape.Padded, (shape.PaddedLength - shape.Length) * shape.Padded).Clear();
    }

    private static void LoadRow<T>(void* source, nint index, float* row, int width)
        where T : struct, ILanes
    {
        for (var c = 0; c < width; c += 8)
            T.Load8(source, index + c).Store(row + c);
        if (width % 16 != 0)
            Vector256<float>.Zero.Store(row + width);
    }

    private static void StoreRow<T>(void* target, nint index, float* row, int width)
        where T : struct, ILanes
    {
        for (var c = 0; c < width; c += 8)
            T.Store8(target, index + c, Vector256.Load(row + c));
    }

    // (x₁, x₂) ← (x₁·cos − x₂·sin, x₂·cos + x₁·sin); its transpose turns the other way.
    private static void Rotate(float* x, float* cos, float* sin, int width, bool backward)
    {
        var half = width / 2;
        var sign = backward ? -1f : 1f;
        var i = 0;
        for (; i + 8 <= half; i += 8)
        {
            Vector256<float> a = Vector256.Load(x + i), b = Vector256.Load(x + half + i), c = Vector256.Load(cos + i), s = Vector256.Load(sin + i) * sign;
            (a * c - b * s).Store(x + i);
            (b * c + a * s).Store(x + half + i);
        }
        for (; i < half; i++)
            (x[i], x[half + i]) = (x[i] * cos[i] - x[half + i] * sin[i] * sign, x[half + i] * cos[i] + x[i] * sin[i] * sign);
    }

    private readonly struct Room(AttentionShape shape, bool backward) : IDisposable
    {
        public readonly float[] Buffer = ArrayPool<float>.Shared.Rent(Layout.Size(shape, backward));

        public void Dispose() => ArrayPool<float>.Shared.Return(Buffer);
    }

    /// <summary>Where the parts of a unit's working room lie.</summary>
    private readonly struct Layout
    {
        public readonly float* Keys, Values, Queries, KeysTransposed, Scores, Block, ValuesTransposed, Upstream, KeyGradient, ValueGradient, Slopes, QueryGradient, Dots;

        public Layout(float* start, in AttentionShape shape, bool backward)
        {
            var matrix = shape.PaddedLength * shape.Padded;
            Keys = start;
            Values = Keys + matrix;
            Queries = Values + matrix;
            KeysTransposed = Queries + matrix;
            Scores = KeysTransposed + matrix;
            Block = Scores + 8 * shape.PaddedLength;
            if (!backward)
                return;
            ValuesTransposed = Block + 128;
            Upstream = ValuesTransposed + matrix;
            KeyGradient = Upstream + matrix;
            ValueGradient = KeyGradient + matrix;
            Slopes = ValueGradient + matrix;
            QueryGradient = Slopes + 8 * shape.PaddedLength;
            Dots = QueryGradient + 8 * shape.Padded;
        }

        public static int Size(in AttentionShape shape, bool backward) =>
            (backward ? 8 : 4) * shape.PaddedLength * shape.Padded + (backward ? 17 : 8) * shape.PaddedLength + 128 + (backward ? 8 * shape.Padded : 0);
    }
}
