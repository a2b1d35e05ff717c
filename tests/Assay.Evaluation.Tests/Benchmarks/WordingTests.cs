using System.Collections.Immutable;
using Assay.Statistics;
using Microsoft.Extensions.AI;

namespace Assay.Evaluation.Tests;

public sealed class WordingTests
{
    private static PairedOutcomes Outcomes(long b, long c, long n) => new((n - b - c) / 2, b, c, n - b - c - (n - b - c) / 2);

    private static WordingResults Results(params (string Model, string[] Rows)[] models) => new(
        [.. models.Select(m => m.Model)], [.. models[0].Rows.Select((_, i) => $"i{i}")], [], [.. models.Select(m => m.Rows.Select(r => r.Select(c => c == '.' ? (WordedAnswer?)null : new WordedAnswer(c == '1', "")).ToArray()).ToArray())]);

    // The brief's six items: the original, then five paraphrases.
    private static readonly string[] Six = ["111101", "100000", "111111", "110010", "111011", "010100"];

    [Fact]
    public void Overfit_figures_of_the_brief()
    {
        var mmlu = Cbod.Of(Outcomes(700, 400, 14042));
        Assert.Equal(2.1364, mmlu.Delta.Value, 1e-4);
        Assert.Equal(81.81818, mmlu.Test.Statistic, 1e-5);
        Assert.Equal(1.49e-19, mmlu.Test.PValue, 1e-21);
        Assert.Equal(OverfitVerdict.Overfit, mmlu.Verdict);
        var small = Cbod.Of(Outcomes(520, 500, 14042));
        Assert.Equal((0.392157, 0.531168), (Math.Round(small.Test.Statistic, 6), Math.Round(small.Test.PValue, 6)));
        Assert.Equal(OverfitVerdict.None, small.Verdict);
        var edge = Cbod.Of(Outcomes(60, 40, 500));
        Assert.Equal((4.0, 0.0455003), (edge.Test.Statistic, Math.Round(edge.Test.PValue, 7)));
        Assert.Equal(OverfitVerdict.Overfit, edge.Verdict);
        var corrected = Cbod.Of(Outcomes(60, 40, 500), options: new CbodOptions { Variant = McNemarVariant.Continuity });
        Assert.Equal((3.61, 0.0574331), (Math.Round(corrected.Test.Statistic, 6), Math.Round(corrected.Test.PValue, 7)));
        Assert.Equal(OverfitVerdict.None, corrected.Verdict);
        Assert.Contains("exact", Cbod.Of(Outcomes(30, 10, 500)).Test.Test, StringComparison.Ordinal);
    }

    [Fact]
    public void Memorised_share_gives_the_closed_form_drop()
    {
        // m = .2, s = .6: of 2,000 items m(1 − s) = 160 are right by memory alone; random flips f = .08 add 160 to either side.
        Assert.Equal((8.0, 0.68, 0.6), (Cbod.Of(Outcomes(160, 0, 2000) with { Both = 1200, Neither = 640 }).Delta.Value, Cbod.Of(new PairedOutcomes(1200, 160, 0, 640)).Accuracy, Cbod.Of(new PairedOutcomes(1200, 160, 0, 640)).AccuracyRephrased));
        var flipped = Cbod.Of(Outcomes(320, 160, 2000));
        Assert.Equal((8.0, 53.33), (flipped.Delta.Value, Math.Round(flipped.Test.Statistic, 2)));
    }

    [Fact]
    public void Trends_are_least_squares()
    {
        var trend = CbodTrend.Of([Math.Log(1), Math.Log(3), Math.Log(8), Math.Log(70)], [0.5, 1.2, 1.9, 3.4]);
        Assert.Equal((0.686016, 0.476317, 0.999663), (Math.Round(trend.Slope, 6), Math.Round(trend.Intercept, 6), Math.Round(trend.RSquared, 6)));
        Assert.Throws<ArgumentException>(() => CbodTrend.Of([1, 1], [1, 2]));
    }

    [Fact]
    public void Swapping_wordings_swaps_counts_and_keeps_p()
    {
        var (there, back) = (Cbod.Of(Outcomes(90, 40, 600)), Cbod.Of(Outcomes(40, 90, 600)));
        Assert.Equal(there.Test.PValue, back.Test.PValue);
        Assert.Equal((OverfitVerdict.Overfit, OverfitVerdict.Reverse), (there.Verdict, back.Verdict));
        Assert.Equal(1, there.OneSidedPValue + back.OneSidedPValue, 1e-9);
        var none = Cbod.Of(Outcomes(0, 0, 100));
        Assert.Equal((1.0, OverfitVerdict.None), (none.Test.PValue, none.Verdict));
        Assert.Equal(OverfitVerdict.TooSmall, Cbod.Of(Outcomes(10, 0, 12)).Verdict);
        Assert.Throws<ArgumentException>(() => Cbod.Of(default(PairedOutcomes)));
    }

    [Fact]
    public void Reliability_figures_of_the_brief()
    {
        var r = ParaphraseReliability.Of(Results(("m", Six))).Models[0];
        Assert.Equal(0.833333, r.Original, 1e-6);
        Assert.Equal([0.833333, 0.5, 0.5, 0.5, 0.5], r.ByWording.Select(a => Math.Round(a, 6)));
        Assert.Equal((0.566667, 0.266667), (Math.Round(r.Paraphrased, 6), Math.Round(r.Drop.Value, 6)));
        Assert.Equal((0.166667, 0.833333), (Math.Round(r.Worst, 6), Math.Round(r.Best, 6)));
        Assert.Equal((0.333333, 0.666667, 0.149071), (Math.Round(r.Strict, 6), Math.Round(r.Pairwise, 6), Math.Round(r.Spread, 6)));
        Assert.Equal(1.348400, r.DropTest.Statistic, 1e-6);
        Assert.Equal(1.959964 * 0.197765, r.Drop.Interval.Width / 2, 1e-5);
        Assert.Equal([1.0 / 6, 0, 2.0 / 6, 0, 2.0 / 6, 1.0 / 6], r.Profile, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(2.0 / 3, r.Instability, 1e-12);
    }

    [Fact]
    public void An_identity_paraphraser_changes_nothing()
    {
        string[] Same(int seed) => [.. Enumerable.Range(0, 30).Select(i => new string((i * 7 + seed) % 10 < seed + 3 ? '1' : '0', 4))];
        var report = ParaphraseReliability.Of(Results(("a", Same(1)), ("b", Same(3)), ("c", Same(5))));
        Assert.All(report.Models, m => Assert.Equal((0.0, 1.0, 1.0, 0.0), (m.Drop.Value, m.Strict, m.Pairwise, m.Entropy)));
        Assert.Equal((1.0, 1.0, true), (report.Leaderboard!.Tau, report.Leaderboard.Rho, report.Leaderboard.IsStable));
        Assert.Empty(report.Leaderboard.Swaps);
    }

    [Fact]
    public void A_random_guesser_agrees_with_itself_as_chance_says()
    {
        var random = new SeededRandom(3);
        var answers = Enumerable.Range(0, 20000).Select(_ => Enumerable.Range(0, 6).Select(_ => random.Next(4)).Select(o => (WordedAnswer?)new WordedAnswer(o == 0, $"{o}")).ToArray()).ToArray();
        var r = ParaphraseReliability.Of(new WordingResults(["m"], [.. Enumerable.Range(0, 20000).Select(i => $"{i}")], [], [answers])).Models[0];
        Assert.Equal(0.25, r.Pairwise, 0.01);
        Assert.Equal(0.00390625, r.Strict, 0.002);
        Assert.Equal(0.25, r.Original, 0.015);
    }

    [Fact]
    public void The_order_of_paraphrases_does_not_matter_and_worst_is_below_best()
    {
        string[] turned = [.. Six.Select(r => $"{r[0]}{string.Concat(r[1..].Reverse())}")], doubled = [.. Six.Select(r => r + r[1..])];
        var (a, b, c) = (ParaphraseReliability.Of(Results(("m", Six))).Models[0], ParaphraseReliability.Of(Results(("m", turned))).Models[0], ParaphraseReliability.Of(Results(("m", doubled))).Models[0]);
        Assert.Equal((a.Paraphrased, a.Strict, a.Pairwise), (b.Paraphrased, b.Strict, b.Pairwise));
        Assert.Equal(a.Spread, b.Spread, 1e-12);
        Assert.Equal(a.Paraphrased, c.Paraphrased, 1e-12);
        Assert.All(a.ByWording, x => Assert.InRange(x, a.Worst, a.Best));
    }

    [Fact]
    public void Missing_answers_are_left_out_and_counted()
    {
        var report = ParaphraseReliability.Of(Results(("m", ["11.", "0.0", ".11", "110"])));
        Assert.Equal((3, 3), (report.Models[0].Items, report.Missing));
        Assert.Equal((1 + 0 + 0.5) / 3, report.Models[0].Paraphrased, 1e-12);
        Assert.Null(report.Leaderboard);
        Assert.Throws<ArgumentException>(() => ParaphraseReliability.Of(Results(("m", ["1..", ".11"]))));
    }

    [Fact]
    public void A_swap_is_seen_and_judged()
    {
        // a is far better in the original wording and far worse in the others; c stands between.
        string[] A = [.. Enumerable.Repeat("1000", 60)], B = [.. Enumerable.Repeat("0111", 60)], C = [.. Enumerable.Range(0, 60).Select(i => i % 2 == 0 ? "1111" : "0000")];
        var board = ParaphraseReliability.Of(Results(("a", A), ("b", B), ("c", C))).Leaderboard!;
        Assert.Equal((-1.0, false), (board.Tau, board.IsStable));
        Assert.Equal(3, board.Swaps.Length);
        Assert.Equal(3, board.SignificantSwaps);
        Assert.Contains(("a", "b"), board.Swaps);
    }

    [Fact]
    public void Rules_never_touch_what_is_locked()
    {
        string[] starts = ["What is", "Which of these is not", "If the big box weighs", "Who wrote", "When the large animal shows"], ends = ["12.5 kg, what is \"the big one\" of `x = 3`?", "the author of \"Fast Cars\" in 1987?", "3,000 people, what happens near London?", "the film that isn't quick, A or B?"];
        var (changed, random) = (0, new SeededRandom(5));
        for (var i = 0; i < 1000; i++)
        {
            var text = $"{starts[random.Next(starts.Length)]} {ends[random.Next(ends.Length)]} Item {i}?";
            var other = RuleRephraser.Reword(text, 0.8, i);
            Assert.Equal(other, RuleRephraser.Reword(text, 0.8, i));
            Assert.Equal(text, RuleRephraser.Reword(text, 0, i));
            changed += other != text ? 1 : 0;
            foreach (var locked in new[] { "12.5", "\"the big one\"", "`x = 3`", "\"Fast Cars\"", "1987", "3,000", "London", " not ", "isn't", "A or B", $"{i}" })
                Assert.Equal(text.Contains(locked, StringComparison.Ordinal), other.Contains(locked, StringComparison.Ordinal));
        }
        Assert.InRange(changed, 900, 1000);
    }

    [Fact]
    public void More_distortion_changes_more()
    {
        double Overlap(double mu) => QuestionFile.Sample().Average(q => RephrasingCheck.Overlap(q.Question, RuleRephraser.Reword(q.Question, mu, q.Id.GetHashCode(StringComparison.Ordinal) & 0xff)));
        Assert.True(Overlap(0.2) > Overlap(0.6) && Overlap(0.6) > Overlap(1));
        Assert.Equal("By whom was Hamlet written?", RuleRephraser.Reword("Who wrote Hamlet?", 1, 0).Split(": ")[^1].Replace(" ?", "?", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("What is 12 plus 3?", "What do 12 and 3 make?", null)]
    [InlineData("What is 12 plus 3?", "What is 12 plus 4?", "numbers")]
    [InlineData("Which is not a bird?", "Which is a bird here?", "turn the meaning")]
    [InlineData("Which is not a bird?", "Which one here isn't a bird?", null)]
    [InlineData("Where is Paris?", "In which place is London?", "names")]
    [InlineData("Where is Paris?", "Where is Paris?", "nothing")]
    [InlineData("Where is Paris?", "Paris", "length")]
    [InlineData("Say \"big cat\" now please?", "Please say \"large cat\" now?", "quoted")]
    [InlineData("what eats many green leaves daily?", "bananas rarely sing loud opera tunes?", "shared")]
    public void Only_rewordings_that_ask_the_same_pass(string original, string other, string? fault)
    {
        var found = RephrasingCheck.Fault(original, other);
        if (fault is null)
            Assert.Null(found);
        else
            Assert.Contains(fault, found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("B", 1)]
    [InlineData("b.", 1)]
    [InlineData("**C**", 2)]
    [InlineData("(D) because", 3)]
    [InlineData("The answer is C.", 2)]
    [InlineData("Answer: a", 0)]
    [InlineData("I think it's D", 3)]
    [InlineData("E", -1)]
    [InlineData("I do not know", -1)]
    [InlineData("", -1)]
    public void Replies_are_read(string reply, int option) => Assert.Equal(option, Answering.Parse(reply, 4));

    [Fact]
    public async Task A_chat_model_rewords_until_the_check_passes_and_a_chameleon_is_found()
    {
        using var client = new ScriptedClient(["What is 4 plus 4?", "How much is 2 plus 2?"]);
        var rephrasing = await new ChatRephraser(client).RephraseAsync("What is 2 plus 2?", 1);
        Assert.Equal(("How much is 2 plus 2?", true, 2), (rephrasing.Text, rephrasing.IsValid, rephrasing.Attempts));
        using var stubborn = new ScriptedClient(["What is 4 plus 4?"]);
        var failed = await new ChatRephraser(stubborn).RephraseAsync("What is 2 plus 2?", 1);
        Assert.Equal(("What is 2 plus 2?", false, 3), (failed.Text, failed.IsValid, failed.Attempts));
        ImmutableArray<QuestionItem> items = [.. QuestionFile.Sample().SelectMany(q => q.Paraphrases.Take(2).Prepend(q.Question).Select((text, i) => q with { Id = $"{q.Id}-{i}", Question = text }))];
        Answerer knowsTheWording = (item, wording, _) => Task.FromResult(wording == item.Question ? item.Correct[0] : -1), knows = (item, _, _) => Task.FromResult(item.Correct[0]);
        var (found, _, unparsable) = await Answering.DetectAsync(knowsTheWording, items, new RuleRephraser(), 1);
        Assert.Equal(OverfitVerdict.Overfit, found.Verdict);
        Assert.Equal(found.Count, unparsable);
        Assert.Equal(OverfitVerdict.None, (await Answering.DetectAsync(knows, items, new RuleRephraser(), 1)).Result.Verdict);
        using var always = new ScriptedClient(["B"]);
        Assert.Equal(1, await Answering.ByChat(always)(items[0], "x", default));
    }

    [Fact]
    public async Task Sampled_chat_answers_become_distributions()
    {
        using var client = new ScriptedClient(["A", "B", "E", "gibberish"]);
        var (answers, unparsable) = await DcsBenchmark.SampleAsync(client, [new QuestionItem("q", "?", ["w", "x", "y", "z"], [0])], new DcsSampling { Samples = 20 });
        Assert.Equal(5, unparsable);
        Assert.Equal(new AnswerMass(0.25, 0.5, 0.25), AnswerMass.Of(answers[0].Probabilities.AsSpan(), answers[0].Correct.AsSpan(), answers[0].Idk));
        var (likely, excluded) = DcsBenchmark.ByLikelihood((_, option) => option == " w" ? -1 : double.NegativeInfinity, [new QuestionItem("q", "?", ["w", "x"], [0]), new QuestionItem("r", "?", ["u", "x"], [0])]);
        Assert.Equal((1.0, "r: every option has the log-likelihood −∞"), (likely[0].Probabilities[0], excluded[0]));
    }

    // Answers in turn, over and over.
    private sealed class ScriptedClient(string[] replies) : IChatClient
    {
        private int next;

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, replies[next++ % replies.Length])));

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
