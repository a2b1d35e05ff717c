using Assay.Data;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Language.Tests;

public sealed class LanguageEnsembleTests
{
    private static readonly DecoderConfig Config = DecoderConfig.Small(32, 1, 12, 16);
    private static readonly PackedCorpus Corpus = PackedCorpus.FromTokens(
        16, [("markov", new MarkovLanguage(12, 1, 0.3).Sample(1601, new SeededRandom(1)))], [("markov", new MarkovLanguage(12, 1, 0.3).Sample(321, new SeededRandom(2)), 0)]);

    private static LanguageEnsemble Ensemble(EnsembleCombination combination, params int[] seeds) => new(seeds.Select(s =>
    {
        var model = new Decoder(Config, new SeededRandom(s));
        using var _ = no_grad();
        foreach (var parameter in model.parameters().Where(p => p.dim() == 2))
            parameter.mul_(10);
        return model;
    }), combination);

    [Theory]
    [InlineData(EnsembleCombination.Logits, .287682)]
    [InlineData(EnsembleCombination.Probabilities, .356675)]
    public void Two_members_give_the_loss_of_the_brief(EnsembleCombination combination, double expected)
    {
        using var scope = NewDisposeScope();
        using var ensemble = Ensemble(combination, 1);
        Tensor[] members = [tensor(new[] { .9f, .1f }).log(), tensor(new[] { .5f, .5f }).log()];
        Assert.Equal(expected, -nn.functional.log_softmax(ensemble.Combine(members.Select(m => m.clone())), -1)[0].item<float>(), 1e-5);
        Assert.True(expected <= (.105361 + .693147) / 2); // Jensen
        // Neither order nor a constant on one member's logits changes anything.
        Assert.Equal(expected, -nn.functional.log_softmax(ensemble.Combine([members[1].add(5), members[0].clone()]), -1)[0].item<float>(), 1e-5);
    }

    [Theory]
    [InlineData(EnsembleCombination.Logits)]
    [InlineData(EnsembleCombination.Probabilities)]
    public void Equal_members_are_the_single_model_and_unequal_ones_beat_their_mean(EnsembleCombination combination)
    {
        using var same = Ensemble(combination, 3, 3, 3);
        var single = LanguageEvaluation.Of(same.Members[0], Corpus).Loss;
        Assert.Equal(single, same.Evaluate(Corpus).Loss, 1e-4);
        using var mixed = Ensemble(combination, 3, 4, 5, 6);
        var bySize = mixed.LossBySize(Corpus);
        Assert.Equal([1, 2, 3, 4], bySize.Select(b => b.Members));
        for (var k = 1; k < 4; k++)
            Assert.True(bySize[k].Loss < bySize[k - 1].Loss);
        Assert.Equal(mixed.Evaluate(Corpus).Loss, bySize[3].Loss, 1e-5);
        Assert.Equal(bySize[0].Loss, mixed.Members.Average(m => LanguageEvaluation.Of(m, Corpus).Loss), 1e-5);
    }

    [Fact]
    public void Samples_are_reproducible_and_follow_the_model()
    {
        using var ensemble = Ensemble(EnsembleCombination.Logits, 3, 4);
        var sample = ensemble.Sample(600, 2, first: 5, seed: 1);
        Assert.Equal(sample, ensemble.Sample(600, 2, first: 5, seed: 1));
        Assert.NotEqual(sample, ensemble.Sample(600, 2, first: 5, seed: 2));
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var wanted = ensemble.Logits(tensor(new long[] { 5 }, 1, 1)).softmax(2).data<float>().ToArray();
        for (var v = 0; v < 12; v++)
        {
            var share = Enumerable.Range(0, 600).Count(i => sample[2 * i + 1] == v) / 600.0;
            Assert.Equal(wanted[v], share, 4 * Math.Sqrt(wanted[v] * (1 - wanted[v]) / 600) + 1e-3);
        }
    }

    [Fact]
    public void Distilling_without_synthetic_text_is_ordinary_training()
    {
        using var teacher = Ensemble(EnsembleCombination.Logits, 3);
        float[] Train(double share)
        {
            using var student = new Decoder(Config, new SeededRandom(9));
            EnsembleDistiller.Distill(teacher, student, Corpus, 0, new PretrainingOptions { Evaluations = 0 }, share);
            return student.Head.detach().data<float>().ToArray();
        }
        using var alone = new Decoder(Config, new SeededRandom(9));
        new Pretrainer(new PretrainingOptions { Evaluations = 0 }).Run(alone, Corpus);
        Assert.Equal(alone.Head.detach().data<float>().ToArray(), Train(0));
        Assert.NotEqual(Train(0), Train(1));
        Assert.Equal(Train(1), Train(1));
    }

    [Fact]
    public void The_reference_recipe_needs_more_data_for_a_better_loss()
    {
        Assert.Equal(1, DataEfficiency.Factor(1.3, .24, 1.89, 1.3 / Math.Pow(.2, .24) + 1.89, .2), 1e-9);
        Assert.Equal(3.8029, 1.3 / Math.Pow(.2, .24) + 1.89, 1e-4);
        Assert.Equal(5.33, DataEfficiency.Factor(1.3, .24, 1.89, 3.17, .2), 5e-3);
        Assert.Equal(double.PositiveInfinity, DataEfficiency.Factor(1.3, .24, 1.89, 1.89, .2));
        Assert.Throws<ArgumentOutOfRangeException>(() => DataEfficiency.Factor(0, .24, 1.89, 3, .2));
    }

    [Fact]
    public void Tuning_ends_where_no_neighbour_is_better_and_trains_no_point_twice()
    {
        var recipe = new RegularisedRecipe([1e-3, 3e-3, 1e-2], [4, 8, 16, 32], [.1, .4, 1.6, 3.2]);
        var calls = 0;
        double Loss(double rate, int epochs, double decay)
        {
            calls++;
            return decay > 3 ? double.NaN : Math.Pow(Math.Log(rate / 3e-3), 2) + Math.Pow(Math.Log(epochs / 16.0), 2) + Math.Pow(Math.Log(decay / 1.6), 2);
        }
        var (best, trained) = recipe.Tune(Loss, (0, 0, 0));
        Assert.Equal((3e-3, 16, 1.6), (best.LearningRate, best.Epochs, best.WeightDecay));
        Assert.Equal(calls, trained.Length);
        Assert.Equal(trained.Length, trained.Select(t => (t.LearningRate, t.Epochs, t.WeightDecay)).Distinct().Count());
        Assert.Throws<ArgumentException>(() => new RegularisedRecipe([], [4], [.1]));
        Assert.Throws<ArgumentException>(() => new RegularisedRecipe([2, 1], [4], [.1]));
    }

    [Fact]
    public void Members_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new LanguageEnsemble([]));
        Assert.Throws<ArgumentException>(() => new LanguageEnsemble([new Decoder(Config, new SeededRandom(1)), new Decoder(Config with { Vocabulary = 13 }, new SeededRandom(1))]));
        using var ensemble = Ensemble(EnsembleCombination.Logits, 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => ensemble.Sample(1, 99, 0));
    }
}
