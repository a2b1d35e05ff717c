using Assay.Data;
using Assay.Statistics;
using Assay.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Language.Tests;

public sealed class PretrainingMethodTests
{
    private static readonly DecoderConfig Config = DecoderConfig.Small(32, 1, 24, 32);

    private static PackedCorpus Markov(MarkovLanguage language, int tokens) => PackedCorpus.FromTokens(
        32, [("markov", language.Sample(tokens, new SeededRandom(1)))], [("markov", language.Sample(6_401, new SeededRandom(2)), 0)]);

    [Fact]
    public void Training_on_a_markov_source_reaches_its_entropy_rate()
    {
        var language = new MarkovLanguage(24, 1, 0.3, seed: 2);
        var rate = language.EntropyRate();
        using var model = new Decoder(Config, new SeededRandom(1));
        var result = new Pretrainer(new PretrainingOptions { BatchSize = 32, LearningRate = 1e-2, WeightDecay = 0.01, Evaluations = 1 }).Run(model, Markov(language, 400_000));
        Assert.InRange(result.Final!.Loss, rate * 0.98, rate * 1.02);
        Assert.True(language.UnigramEntropy() > rate * 1.2); // the model had something to learn
    }

    [Fact]
    public void Sequence_losses_and_their_closed_gradient_equal_those_of_autograd()
    {
        using var scope = NewDisposeScope();
        var logits = Initialization.Normal(empty(3, 5, 19), 2, new SeededRandom(1));
        var target = randint(0, 19, [3, 5], dtype: ScalarType.Int64);
        target[0, 1] = tensor(NextTokenLoss.Ignored);
        target[2] = full(5, NextTokenLoss.Ignored, dtype: ScalarType.Int64);
        var loss = ReweightedLoss.Over(new SequenceLoss(), new SampleReweighter(warmup: 0));
        using var leaf = logits.clone().requires_grad_();
        var slow = loss.call(leaf, target);
        slow.backward();
        var (value, gradient) = loss.LossAndGradient(logits, target);
        Assert.Equal(slow.ToDouble(), value, 1e-5);
        Assert.True(gradient.sub(leaf.grad!).abs().max().item<float>() < 1e-6);
        Assert.Equal(0, gradient[2].abs().max().item<float>()); // a sequence without targets does not count
    }

    [Fact]
    public void A_given_order_is_followed_and_a_run_stopped_on_the_way_goes_on()
    {
        var language = new MarkovLanguage(24, 1, 0.3, seed: 2);
        var corpus = Markov(language, 2_000);
        var order = Enumerable.Range(0, 40).Select(i => i * 7 % corpus.TrainSequences).ToArray();
        float[] Train(string? folder, long? stop, Func<int, int[]>? rows, TrainerHook? hook = null)
        {
            using var model = new Decoder(Config, new SeededRandom(1));
            new Pretrainer(new PretrainingOptions { BatchSize = 4, Order = rows, StopAfterStep = stop, CheckpointFolder = folder, Evaluations = 1, Hooks = hook is null ? [] : [hook] }).Run(model, corpus);
            return [.. model.parameters().SelectMany(p => p.detach().reshape(-1).data<float>().ToArray())];
        }
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var seen = new SeenRows();
            var whole = Train(null, null, _ => order, seen);
            Assert.Equal(order.Select(r => (long)r), seen.Rows);
            Assert.NotEqual(whole, Train(folder.FullName, 6, _ => order));
            Assert.Equal(whole, Train(folder.FullName, null, _ => order));
        }
        finally
        {
            folder.Delete(true);
        }
        Assert.Throws<InvalidOperationException>(() => Train(null, null, _ => [0, 1, 9999]));
        Assert.Throws<ArgumentException>(() => Train(null, null, _ => []));
    }

    private sealed class SeenRows : TrainerHook
    {
        public List<long> Rows { get; } = [];

        public override void OnBatch(TrainerState state, ref TrainingBatch batch) => Rows.AddRange(batch.Rows.data<long>().ToArray());
    }
}
