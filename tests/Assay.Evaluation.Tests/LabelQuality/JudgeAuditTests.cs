using Assay.Statistics;
using Microsoft.Extensions.AI;

namespace Assay.Evaluation.Tests.LabelQuality;

public sealed class JudgeAuditTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("judges").FullName;
    private static readonly float[] P = [.95f, .90f, .15f, .55f, .05f, .40f, .99f, .70f];
    private static readonly int[] Y = [1, 0, 0, 0, 1, 1, 0, 1];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static JudgeAudit Audit(int[] labels, params float[][] judges) => JudgeAudit.Of(labels,
        new FloatMatrix([.. Enumerable.Range(0, labels.Length).SelectMany(i => judges.Select(j => j[i]))], labels.Length, judges.Length));

    [Fact]
    public void Flags_come_by_confidence_and_flipping_all_labels_gives_the_complement()
    {
        var audit = Audit(Y, P);
        Assert.Equal([(6, .99), (4, .95), (1, .90), (5, .60), (3, .55)], audit.Flags.Select(f => (f.Row, Math.Round(f.Confidence, 6))));
        Assert.Equal([0, 2, 7], Audit([.. Y.Select(y => 1 - y)], P).Flags.Select(f => f.Row).Order());
        float[] other = [.. P.Reverse()];
        Assert.Equal(Audit(Y, P, other).Items, Audit(Y, other, P).Items);
        Assert.Equal(Audit(Y, P, other).Items.Select(i => i.Guess), Audit(Y, P, P, other, other).Items.Select(i => i.Guess));
        int[] agreed = [.. audit.Items.Select(i => i.Guess)];
        Assert.Empty(Audit(agreed, P).Flags);
        Assert.Equal(0, ErrorBound.Of([], 8).LowerBound.Value);
        Assert.Equal(0.75, JudgeAudit.Renormalize(.30, .10), 12);
    }

    [Fact]
    public void Missing_answers_are_left_out_and_too_few_leave_an_item_unscored()
    {
        var audit = Audit([0, 0], [.9f, float.NaN], [.8f, float.NaN], [float.NaN, .9f]);
        Assert.Equal(.85, audit.Items[0].Probability, 6);
        Assert.False(audit.Items[1].IsScored);
        Assert.Equal(1, audit.Unscored);
        Assert.Throws<ArgumentException>(() => Audit([0], [1.5f]));
        Assert.Throws<ArgumentException>(() => Audit([2], [.5f]));
        Assert.Equal(1, Audit([0], [.5f]).Items[0].Guess); // exactly ½ counts as 1 …
        Assert.Equal([0], JudgeRepair.Training(Audit([0], [.5f]), JudgeRepairMode.Flip).Labels); // … and is never confident
    }

    [Fact]
    public void The_bound_sums_bins_and_closed_forms_hold()
    {
        Assert.Equal(.05, ErrorBound.Point([(40, .25), (30, .5), (20, .8), (10, .9)], 1000), 12);
        var bound = ErrorBound.Of([new(.5, .6, 40, 40, 10), new(.6, .7, 30, 10, 5), new(.7, .8, 20, 10, 8), new(.8, 1, 10, 10, 9)], 1000, 100, 2);
        Assert.Equal(.05, bound.LowerBound.Value, 12);
        Assert.True(bound.LowerBound.Interval.Contains(.05) && bound.LowerBound.Interval.Width is > .005 and < .03);
        Assert.Equal(.05 + .9 * .02, bound.Total.Value, 12);
        Assert.Equal(.18, LabelErrorArithmetic.FlagRate(.1, .9), 12);
        Assert.Equal(.5, LabelErrorArithmetic.FlagPrecision(.1, .9), 12);
        Assert.Equal([.82, .86, .90], new[] { .9, .95, 1 }.Select(a => Math.Round(LabelErrorArithmetic.MeasuredAccuracy(a, .1), 12)));
        Assert.Equal([.75, .84375, .896484, .951073], new[] { 1, 3, 5, 9 }.Select(n => Math.Round(LabelErrorArithmetic.Majority(n, .75), 6)));
    }

    [Fact]
    public void Agreement_has_the_computed_values()
    {
        int[] a = [1, 1, 1, 0, 0, 1, 0, 1, 1, 0], b = [1, 1, 0, 0, 0, 1, 1, 1, 1, 0];
        Assert.Equal((.8, .583333), (AnnotatorAgreement.Percent(a, b), Math.Round(AnnotatorAgreement.CohenKappa(a, b), 6)));
        Assert.Equal(.444444, AnnotatorAgreement.FleissKappa([[3, 0], [2, 1], [0, 3], [1, 2], [3, 0]]), 6);
        Assert.True(double.IsNaN(AnnotatorAgreement.CohenKappa([1, 1], [1, 1])));
        Assert.Throws<ArgumentException>(() => AnnotatorAgreement.FleissKappa([[3, 0], [1, 1]]));
    }

    [Fact]
    public void Bins_without_a_review_join_their_neighbour()
    {
        var audit = Audit(Y, P);
        var bins = audit.Bins(new Dictionary<int, bool> { [6] = true, [1] = false, [3] = true });
        // .55 reviewed; .60 joins it; .90 reviewed; .95 and .99 share a bin with one review.
        Assert.Equal([(2, 1, 1), (1, 1, 0), (2, 1, 1)], bins.Select(x => (x.Flags, x.Reviewed, x.Wrong)));
        Assert.Equal(5, Assert.Single(audit.Bins(new Dictionary<int, bool> { [6] = true })).Flags);
    }

    [Fact]
    public void Repairs_filter_or_flip_and_flipping_twice_is_the_identity()
    {
        var audit = Audit(Y, P);
        Assert.Equal([0, 2, 3, 5, 7], JudgeRepair.Training(audit, JudgeRepairMode.Filter, .9).Rows);
        var flipped = JudgeRepair.Training(audit, JudgeRepairMode.Flip, .9).Labels;
        Assert.Equal([1, 1, 0, 0, 0, 1, 1, 1], flipped);
        var opposite = Audit([.. flipped], [.. P.Select((p, i) => audit.Items[i].IsFlagged && audit.Items[i].Confidence >= .89 ? 1 - p : p)]);
        Assert.Equal(Y, JudgeRepair.Training(opposite, JudgeRepairMode.Flip, .9).Labels);
        Assert.Equal(3, JudgeRepair.Random(Y, 3, JudgeRepairMode.Flip, 1).Labels.Where((l, i) => l != Y[i]).Count());
        var rescored = JudgeRepair.Rescore(Y, flipped.AsSpan(), [("judge", [.. P.Select(p => (double)p)]), ("given", [.. Y.Select(y => (double)y)])]);
        Assert.Equal([(2.0, 1.0), (1.0, 2.0)], rescored.Select(m => (m.OriginalRank, m.GoldRank)));
        Assert.Equal((.375, .75), (rescored[0].Original.Accuracy, rescored[0].Gold.Accuracy));
        Assert.Equal(1, rescored[1].Original.RocAuc);
        Assert.Equal([(1, 2.0)], JudgeAudit.Ordinal([3, 5], new FloatMatrix([4, 4, 3, 3], 2, 2)));
    }

    [Fact]
    public void A_blind_sheet_comes_back_as_gold_and_even_votes_need_a_third()
    {
        GroundedItem[] items = [new("x", "g", "t"), new("y", "g", "u")];
        string[] sheets = [Path.Combine(folder, "a.csv"), Path.Combine(folder, "b.csv")];
        JudgeSheet.Write(sheets[0], [0, 1], items, 3);
        var lines = File.ReadAllLines(sheets[0]);
        Assert.Equal("id,grounding,text,a,b,verdict", lines[0]);
        var x = lines[1].Split(',')[3];
        File.WriteAllLines(sheets[0], [lines[0], lines[1] + "a", lines[2] + "a"]);
        File.WriteAllLines(sheets[1], [lines[0], lines[1] + "A", lines[2] + "b"]);
        var (gold, unresolved) = JudgeSheet.Read(sheets, items);
        Assert.Equal((x == "1" ? 1 : 0, 1), (gold[0], gold.Count));
        Assert.Equal(["y"], unresolved);
        File.WriteAllLines(sheets[1], [lines[0], lines[1] + "maybe"]);
        Assert.Contains("'maybe'", Assert.Throws<InvalidDataException>(() => JudgeSheet.Read(sheets, items)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_models_are_asked_with_a_limit_and_a_resumed_run_asks_only_for_the_rest()
    {
        GroundedItem[] items = [.. Enumerable.Range(0, 6).Select(i => new GroundedItem($"{i}", new string('g', 50), $"text {i}"))];
        var cache = Path.Combine(folder, "cache.jsonl");
        var options = new ChatJudgeOptions { CachePath = cache, Concurrency = 2, Retries = 1, FirstDelay = TimeSpan.FromMilliseconds(1), MostCharacters = 10 };
        using var broken = new ScriptedClient(text => text.Contains("text 5", StringComparison.Ordinal) ? throw new HttpRequestException("down") : text.Contains("text 4", StringComparison.Ordinal) ? "I refuse" : text.Contains("text 1", StringComparison.Ordinal) ? "Answer: 1" : "0");
        var first = await ChatJudges.AskAsync(items, [("m", broken)], options, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((24, 0, 8, 6), (first.Asked, first.Cached, first.Failures, first.Truncated));
        Assert.Equal(28, broken.Calls); // each of the four failing requests was tried twice
        Assert.True(broken.MostAtOnce <= 2);
        Assert.Equal([0, 1, 0, 0], Enumerable.Range(0, 4).Select(i => first.Judgements[i, 0]));
        Assert.True(float.IsNaN(first.Judgements[5, 3]));
        File.AppendAllText(cache, "{\"key\": \"to"); // a crash tears the last line
        using var well = new ScriptedClient(_ => "1");
        var second = await ChatJudges.AskAsync(items, [("m", well)], options, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((4, 20), (second.Asked, second.Cached)); // a refusal is an answer too
        Assert.Equal(1, second.Judgements[5, 0]);
        File.WriteAllText(cache, "nonsense\n{}\n");
        await Assert.ThrowsAsync<InvalidDataException>(() => ChatJudges.AskAsync(items, [("m", well)], options, cancellation: TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(() => ChatJudges.AskAsync(items, [("m", well)], new ChatJudgeOptions { Prompts = ["{grounding}?"] }, cancellation: TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("1", 1.0)]
    [InlineData("The answer is 0.", 0.0)]
    [InlineData("10", null)]
    [InlineData("0.7", null)]
    [InlineData("yes", null)]
    public void Answers_are_single_digits(string text, double? expected) => Assert.Equal(expected, ChatJudges.ReadAnswer(text));

    private sealed class ScriptedClient(Func<string, string> answer) : IChatClient
    {
        private int calls, open;

        public int Calls => calls;

        public int MostAtOnce { get; private set; }

        public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref calls);
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref open));
            try
            {
                await Task.Delay(2, cancellationToken);
                return new ChatResponse(new ChatMessage(ChatRole.Assistant, answer(messages.Single().Text)));
            }
            finally
            {
                Interlocked.Decrement(ref open);
            }
        }

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
