using System.Collections.Immutable;
using Microsoft.Extensions.AI;

namespace Assay.Evaluation;

/// <summary>How a model's answer distribution is found by sampling.</summary>
public sealed record DcsSampling
{
    /// <summary>The number of samples of each item.</summary>
    public int Samples { get; init; } = 20;

    /// <summary>The temperature.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Whether a reply that names no option counts as wrong; otherwise it is left out.</summary>
    public bool CountUnparsableAsWrong { get; init; } = true;

    /// <summary>How many items are asked at a time.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>The model's name in the report, and its id for the client.</summary>
    public string? ModelId { get; init; }
}

/// <summary>Gets answer distributions from models.</summary>
public static class DcsBenchmark
{
    private const string Rules =
        "Answer only if you are confident. A right answer scores, a wrong one may cost points, and choosing not to know gives 0 points.";

    /// <summary>
    /// Samples a chat model's answers; frequencies are the probabilities, each with the binomial error √(p(1 − p)/N). Chat clients expose no
    /// log-probabilities in a common way; where a model can give likelihoods, use <see cref="ByLikelihood"/>.
    /// </summary>
    /// <param name="client">The chat model.</param>
    /// <param name="items">The items; an abstention is added where one lacks it.</param>
    /// <param name="sampling">How, or null.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The distributions, and how many replies named no option.</returns>
    public static async Task<(ImmutableArray<AnswerDistribution> Answers, int Unparsable)> SampleAsync(
        IChatClient client, IReadOnlyList<QuestionItem> items, DcsSampling? sampling = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(items);
        sampling ??= new DcsSampling();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampling.Samples);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampling.Concurrency);
        var (answers, unparsable) = (new AnswerDistribution?[items.Count], 0);
        await Parallel.ForEachAsync(Enumerable.Range(0, items.Count), new ParallelOptions { MaxDegreeOfParallelism = sampling.Concurrency, CancellationToken = cancellation }, async (i, stop) =>
        {
            var item = items[i].WithIdk();
            var counts = new int[item.Choices.Length + 1];
            for (var s = 0; s < sampling.Samples; s++)
            {
                var response = await client.GetResponseAsync(Prompt(item), new ChatOptions { Temperature = (float)sampling.Temperature, ModelId = sampling.ModelId, Seed = s }, stop).ConfigureAwait(false);
                var choice = Answering.Parse(response.Text, item.Choices.Length);
                counts[choice < 0 ? ^1 : choice]++;
            }
            Interlocked.Add(ref unparsable, counts[^1]);
            if (!sampling.CountUnparsableAsWrong)
                counts[^1] = 0;
            var total = counts.Sum();
            if (total > 0)
                answers[i] = Answer(item, sampling, [.. counts.Select(c => (double)c / total)]);
        }).ConfigureAwait(false);
        return ([.. answers.OfType<AnswerDistribution>()], unparsable);
    }

    /// <summary>
    /// Asks each item once and takes the probabilities of the options' letters as the first token (<see cref="TokenProbabilities"/>); items whose
    /// response has none are sampled instead.
    /// </summary>
    /// <param name="client">The chat model.</param>
    /// <param name="items">The items; an abstention is added where one lacks it.</param>
    /// <param name="sampling">How items without token probabilities are sampled, or null.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>The distributions, how many items were sampled, and how many samples named no option.</returns>
    public static async Task<(ImmutableArray<AnswerDistribution> Answers, int Sampled, int Unparsable)> ByFirstTokenAsync(
        IChatClient client, IReadOnlyList<QuestionItem> items, DcsSampling? sampling = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(items);
        sampling ??= new DcsSampling();
        var answers = new AnswerDistribution?[items.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, items.Count), new ParallelOptions { MaxDegreeOfParallelism = sampling.Concurrency, CancellationToken = cancellation }, async (i, stop) =>
        {
            var item = items[i].WithIdk();
            var chat = TokenProbabilities.Ask(new ChatOptions { Temperature = 0, MaxOutputTokens = 4, ModelId = sampling.ModelId });
            var response = await client.GetResponseAsync(Prompt(item), chat, stop).ConfigureAwait(false);
            if (TokenProbabilities.Of(response, [.. item.Choices.Select((_, c) => $"{(char)('A' + c)}")]) is { } probabilities)
                answers[i] = Answer(item, sampling, [.. probabilities]);
        }).ConfigureAwait(false);
        var left = Enumerable.Range(0, items.Count).Where(i => answers[i] is null).ToArray();
        if (left.Length == 0)
            return ([.. answers.OfType<AnswerDistribution>()], 0, 0);
        var (sampled, unparsable) = await SampleAsync(client, [.. left.Select(i => items[i])], sampling, cancellation).ConfigureAwait(false);
        var byId = sampled.GroupBy(a => a.Item, StringComparer.Ordinal).ToDictionary(g => g.Key, g => new Queue<AnswerDistribution>(g), StringComparer.Ordinal);
        foreach (var i in left)
            answers[i] = byId.TryGetValue(items[i].Id, out var found) && found.Count > 0 ? found.Dequeue() : null;
        return ([.. answers.OfType<AnswerDistribution>()], left.Length, unparsable);
    }

    private static ChatMessage[] Prompt(QuestionItem item) => [new(ChatRole.User, $"{Rules}\n\n{Answering.Prompt(item, item.Question)}")];

    private static AnswerDistribution Answer(QuestionItem item, DcsSampling sampling, ImmutableArray<double> probabilities) => new(sampling.ModelId ?? "model", item.Id, item.Subject, probabilities, item.Correct, item.Idk);

    /// <summary>Distributions from a model that gives log-likelihoods of continuations. An item whose options are all impossible is left out.</summary>
    /// <param name="logLikelihood">The log-likelihood of a continuation (with its leading space) after a prompt.</param>
    /// <param name="items">The items; an abstention is added where one lacks it.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="normaliseLength">Whether log-likelihoods are divided by the number of characters.</param>
    public static (ImmutableArray<AnswerDistribution> Answers, ImmutableArray<string> Excluded) ByLikelihood(
        Func<string, string, double> logLikelihood, IReadOnlyList<QuestionItem> items, string model = "model", bool normaliseLength = true)
    {
        ArgumentNullException.ThrowIfNull(logLikelihood);
        ArgumentNullException.ThrowIfNull(items);
        var (answers, excluded) = (ImmutableArray.CreateBuilder<AnswerDistribution>(), ImmutableArray.CreateBuilder<string>());
        foreach (var given in items)
        {
            var item = given.WithIdk();
            var prompt = $"{Rules}\n\nQuestion: {item.Question}\nAnswer:";
            string[] options = [.. item.Choices.Select(c => $" {c}")];
            double[] scores = [.. options.Select(o => logLikelihood(prompt, o))];
            if (scores.All(double.IsNegativeInfinity))
                excluded.Add($"{item.Id}: every option has the log-likelihood −∞");
            else
                answers.Add(new AnswerDistribution(model, item.Id, item.Subject, [.. DistributionalCorrectness.Probabilities(scores, normaliseLength ? [.. options.Select(o => o.Length)] : [])], item.Correct, item.Idk));
        }
        return (answers.ToImmutable(), excluded.ToImmutable());
    }
}
