using System.Diagnostics;
using Assay.Language;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Benchmarks;

/// <summary>Whole training steps of decoders in bfloat16 with single-precision master weights, clipping and AdamW included.</summary>
internal static class LanguageBenchmarks
{
    public static IEnumerable<PeerBenchmark> All =>
    [
        Decoder("decoder-0.25M", DecoderConfig.Small(64, 4, 512), 32, 10),
        Decoder("decoder-1.3M", DecoderConfig.Small(128, 4, 2048), 16, 8),
        Decoder("decoder-5.4M", DecoderConfig.Small(256, 6, 2048, 256), 8, 4),
        new("generate-cache", "the next 16 tokens after 256, greedy, of a decoder V2048 d256 L6: with the key-value cache against reading all again for each", 0.2,
            () => Generate(cached: true), () => Generate(cached: false)),
    ];

    private static double Generate(bool cached)
    {
        const int read = 256, made = 16;
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var config = DecoderConfig.Small(256, 6, 2048, read + made);
        using var model = new Decoder(config, new SeededRandom(1));
        var tokens = randint(0, config.Vocabulary, [1, read], dtype: int64);
        using var cache = new KeyValueCache(config, 1);
        var next = model.Forward(tokens, cached ? cache : null).select(1, read - 1).argmax(1).view(1, 1);
        var watch = Stopwatch.StartNew();
        for (var i = 1; i < made; i++)
        {
            tokens = cat([tokens, next], 1);
            next = cached ? model.Forward(next, cache).select(1, 0).argmax(1).view(1, 1) : model.Forward(tokens, null).select(1, tokens.shape[1] - 1).argmax(1).view(1, 1);
        }
        return watch.Elapsed.TotalSeconds;
    }

    private static PeerBenchmark Decoder(string name, DecoderConfig c, int batch, int steps) => new(
        name, $"{steps} AdamW steps of a decoder V{c.Vocabulary} d{c.Width} L{c.Layers} T{c.Context}, batch {batch}, bf16, against PyTorch in single precision", 0.5,
        () => Ours(c, batch, steps),
        () => PythonPeer.Run("decoder_step.py", [.. new[] { c.Vocabulary, c.Width, c.Layers, c.Heads, c.KeyValueHeads, c.HiddenWidth, c.Context, batch, steps }.Select(n => $"{n}")]));

    private static double Ours(DecoderConfig config, int batch, int steps)
    {
        using var model = new Decoder(config, new SeededRandom(1)) { ComputeType = ScalarType.BFloat16 };
        using var flat = new FlatParameters(model);
        using var optimizer = new AdamW().Bind(flat);
        using var tokens = randint(0, config.Vocabulary, [batch * 8, config.Context + 1], dtype: int64);
        using var loss = new NextTokenLoss();
        void Step(int i)
        {
            using var scope = NewDisposeScope();
            var rows = tokens.narrow(0, i % 8 * batch, batch);
            model.Backward(rows.narrow(1, 0, config.Context).contiguous(), logits => loss.LossAndGradient(logits, rows.narrow(1, 1, config.Context)).Gradient, accumulate: false);
            var norm = flat.GradientNorm();
            if (norm > 1)
                flat.Gradients.mul_(1 / norm);
            optimizer.Step();
        }
        for (var i = 0; i < 2; i++)
            Step(i);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < steps; i++)
            Step(i);
        return watch.Elapsed.TotalSeconds;
    }
}
