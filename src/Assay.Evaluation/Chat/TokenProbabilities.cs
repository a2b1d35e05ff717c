using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Assay.Evaluation;

/// <summary>
/// The likeliest first tokens of an answer with their log-probabilities. <see cref="IChatClient"/> has no place of its own for them: they are asked for
/// and given as additional properties, which a client that cannot give them passes over.
/// </summary>
public static class TokenProbabilities
{
    /// <summary>The additional property of a request: how many tokens are asked for.</summary>
    public const string Request = "top_logprobs";

    /// <summary>The additional property of a response: a JSON list of [token, log-probability].</summary>
    public const string Response = "first_token_logprobs";

    /// <summary>Options that ask for them.</summary>
    public static ChatOptions Ask(ChatOptions options, int tokens = 20)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokens);
        var asking = options.Clone();
        (asking.AdditionalProperties ??= [])[Request] = tokens;
        return asking;
    }

    /// <summary>Puts them into a response.</summary>
    public static void Put(ChatResponse response, IEnumerable<(string Token, double LogProbability)> tokens)
    {
        ArgumentNullException.ThrowIfNull(response);
        (response.AdditionalProperties ??= [])[Response] = JsonSerializer.Serialize(tokens.Select(t => new object[] { t.Token, t.LogProbability }));
    }

    /// <summary>Reads them from a response; empty where there are none.</summary>
    public static ImmutableArray<(string Token, double LogProbability)> Read(ChatResponse response)
    {
        ArgumentNullException.ThrowIfNull(response);
        if (response.AdditionalProperties?.GetValueOrDefault(Response)?.ToString() is not { Length: > 0 } text)
            return [];
        try
        {
            using var list = JsonDocument.Parse(text);
            return [.. list.RootElement.EnumerateArray().Select(e => (e[0].GetString() ?? "", e[1].GetDouble()))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IndexOutOfRangeException)
        {
            return [];
        }
    }

    /// <summary>
    /// The probabilities of answers that are told apart by their first token, renormalised over them: a token counts for the answer that it equals, blanks
    /// and case aside. Null where none of the tokens is an answer.
    /// </summary>
    public static double[]? Of(ChatResponse response, IReadOnlyList<string> answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        var mass = new double[answers.Count];
        foreach (var (token, logProbability) in Read(response))
        {
            for (var a = 0; a < mass.Length; a++)
            {
                if (token.Trim().Equals(answers[a], StringComparison.OrdinalIgnoreCase))
                    mass[a] += Math.Exp(logProbability);
            }
        }
        var total = mass.Sum();
        return total > 0 ? [.. mass.Select(m => m / total)] : null;
    }
}
