using Assay.Data;
using Assay.Statistics;

namespace Assay.Language.Tests;

public sealed class PretrainerTests
{
    private static TextCorpus Corpus(int documents = 60)
    {
        var random = new SeededRandom(1);
        string[] words = ["red", "green", "blue", "one", "two", "three"];
        var texts = Enumerable.Range(0, documents).Select(i => string.Join(' ', Enumerable.Range(0, 30).Select(_ => words[random.Next(3) + 3 * (i % 2)]))).ToArray();
        return new TextCorpus("words", [.. texts.Select((_, i) => $"d{i}")], [.. texts], CategoryColumn.FromTexts(texts.Select((_, i) => i % 2 == 0 ? "colours" : "numbers")));
    }

    private static (Decoder Model, PackedCorpus Corpus) Small()
    {
        var tokenizer = BpeTraining.Train(Corpus().Documents, 280);
        return (new Decoder(DecoderConfig.Small(32, 1, tokenizer.Vocabulary, 16), new SeededRandom(1)), PackedCorpus.Pack(Corpus(), tokenizer, 16, 0.2));
    }

    [Fact]
    public void Packing_keeps_every_token_and_shifts_the_targets_by_one()
    {
        var corpus = Corpus();
        var tokenizer = BpeTraining.Train(corpus.Documents, 280);
        var packed = PackedCorpus.Pack(corpus, tokenizer, 16, 0.2);
        // Every document with its end of text is on exactly one side.
        Assert.Equal(corpus.Documents.Sum(d => tokenizer.Encode(d).Length + 1), packed.TrainTokens + packed.Held.Sum(h => h.Tokens.Length));
        Assert.Equal(["colours", "numbers"], packed.Held.Select(h => h.Domain).Order());
        using var data = packed.TrainingData(tokenizer.Vocabulary);
        Assert.Equal((packed.TrainTokens - 1) / 16, data.Count);
        using var scope = TorchSharp.torch.NewDisposeScope();
        Assert.Equal(packed.Train[0].Tokens.Skip(1).Take(16).Select(t => (long)t), data.Targets[0].data<long>().ToArray());
        Assert.Equal(packed.Train[0].Tokens.Skip(16).Take(16).Select(t => (long)t), data.Inputs[1].data<long>().ToArray());
    }

    [Fact]
    public void A_copy_of_a_held_out_document_never_trains()
    {
        var once = Corpus();
        var twice = new TextCorpus("twice", [.. Enumerable.Range(0, 120).Select(i => $"d{i}")], [.. once.Documents, .. once.Documents], CategoryColumn.FromTexts(Enumerable.Repeat("all", 120)));
        var tokenizer = BpeTraining.Train(once.Documents, 280);
        var (a, b) = (PackedCorpus.Pack(once, tokenizer, 16, 0.2), PackedCorpus.Pack(twice, tokenizer, 16, 0.2));
        Assert.Equal(2 * a.TrainTokens, b.TrainTokens);
    }

    [Fact]
    public void Training_nears_the_entropy_of_the_words()
    {
        var (model, corpus) = Small();
        using (model)
        {
            var result = new Pretrainer(new PretrainingOptions { Epochs = 30, BatchSize = 8, LearningRate = 1e-2, Evaluations = 3 }).Run(model, corpus);
            // Three equally likely words: ln 3 = 1.0986 for a token that is a word; a token may be part of one, so the mean is lower.
            Assert.InRange(result.Final!.Loss, 0.3, 1.3);
            Assert.Equal(["colours", "numbers"], result.Final.Domains.Select(d => d.Domain).Order());
            Assert.Equal(result.Final.Loss, result.Trace.Curve("validation/loss").Last().Value);
            Assert.True(result.TokensPerSecond > 0);
            // The evaluation is the mean over the domains' tokens.
            Assert.Equal(result.Final.Domains.Sum(d => d.Loss * d.Tokens) / result.Final.Domains.Sum(d => d.Tokens), result.Final.Loss, 1e-9);
        }
    }

    [Fact]
    public void A_run_that_was_cut_off_ends_in_the_same_weights()
    {
        var folder = Directory.CreateTempSubdirectory("assay-lm-").FullName;
        try
        {
            var options = new PretrainingOptions { Epochs = 2, BatchSize = 8, Evaluations = 1 };
            var (whole, corpus) = Small();
            new Pretrainer(options).Run(whole, corpus);
            var (cut, _) = Small();
            using var stop = new CancellationTokenSource();
            var stopping = options with { CheckpointFolder = folder, Progress = new StopAt(7, stop) };
            Assert.Throws<OperationCanceledException>(() => new Pretrainer(stopping).Run(cut, corpus, stop.Token));
            var (resumed, _) = Small();
            var result = new Pretrainer(options with { CheckpointFolder = folder }).Run(resumed, corpus);
            Assert.Equal(7, result.ResumedFrom);
            foreach (var (a, b) in whole.parameters().Zip(resumed.parameters()))
                Assert.Equal(a.data<float>().ToArray(), b.data<float>().ToArray());
            whole.Dispose();
            cut.Dispose();
            resumed.Dispose();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Too_long_sequences_and_too_short_corpora_are_refused()
    {
        var (model, _) = Small();
        using (model)
        {
            var tokenizer = BpeTraining.Train(Corpus().Documents, 280);
            Assert.Throws<ArgumentException>(() => new Pretrainer(new PretrainingOptions()).Run(model, PackedCorpus.Pack(Corpus(), tokenizer, 64)));
            Assert.Throws<InvalidOperationException>(() => PackedCorpus.Pack(Corpus(2), tokenizer, 5000).TrainingData(280));
            var whole = PackedCorpus.Pack(Corpus(2), tokenizer, 16, 1);
            Assert.Equal(0, whole.TrainTokens);
            Assert.Equal(2, whole.Held.Length);
            Assert.Throws<ArgumentException>(() => LanguageEvaluation.Of(model, PackedCorpus.Pack(Corpus(), tokenizer, 16, 0)));
        }
    }

    private sealed class StopAt(int step, CancellationTokenSource source) : IProgress<PretrainingProgress>
    {
        public void Report(PretrainingProgress value)
        {
            if (value.Step == step)
                source.Cancel();
        }
    }
}
